// The command `terrace`.
#include "cli/app.h"

int main(int argc, char** argv) {
  return terrace::cli::run(argc, argv);
}
