// terraced: one service platform.
#include "daemon/run.h"

int main(int argc, char** argv) {
  return terrace::run_daemon(argc, argv);
}
