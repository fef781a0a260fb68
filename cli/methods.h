// The API's methods that the command calls, by their names on the wire.
#pragma once

namespace terrace::cli {

inline constexpr char kGetCatalogue[] = "/terrace.v1.CapabilityService/GetCatalogue";
inline constexpr char kWatchCatalogue[] = "/terrace.v1.CapabilityService/WatchCatalogue";

inline constexpr char kOnboardNsd[] = "/terrace.v1.NsdService/OnboardNsd";
inline constexpr char kGetNsd[] = "/terrace.v1.NsdService/GetNsd";
inline constexpr char kListNsds[] = "/terrace.v1.NsdService/ListNsds";
inline constexpr char kDeleteNsd[] = "/terrace.v1.NsdService/DeleteNsd";

inline constexpr char kOnboardVnf[] = "/terrace.v1.VnfPackageService/OnboardVnfPackage";
inline constexpr char kGetVnf[] = "/terrace.v1.VnfPackageService/GetVnfPackage";
inline constexpr char kListVnfs[] = "/terrace.v1.VnfPackageService/ListVnfPackages";
inline constexpr char kDeleteVnf[] = "/terrace.v1.VnfPackageService/DeleteVnfPackage";

inline constexpr char kCreateNs[] = "/terrace.v1.NsLifecycleService/CreateNs";
inline constexpr char kInstantiateNs[] = "/terrace.v1.NsLifecycleService/InstantiateNs";
inline constexpr char kTerminateNs[] = "/terrace.v1.NsLifecycleService/TerminateNs";
inline constexpr char kDeleteNs[] = "/terrace.v1.NsLifecycleService/DeleteNs";
inline constexpr char kGetNs[] = "/terrace.v1.NsLifecycleService/GetNs";
inline constexpr char kListNs[] = "/terrace.v1.NsLifecycleService/ListNs";
inline constexpr char kGetOperation[] = "/terrace.v1.NsLifecycleService/GetNsLcmOpOcc";
inline constexpr char kListOperations[] = "/terrace.v1.NsLifecycleService/ListNsLcmOpOccs";
inline constexpr char kWatchOperation[] = "/terrace.v1.NsLifecycleService/WatchNsLcmOpOcc";

inline constexpr char kPlaceHold[] = "/terrace.v1.HoldService/PlaceHold";
inline constexpr char kGetHold[] = "/terrace.v1.HoldService/GetHold";
inline constexpr char kListHolds[] = "/terrace.v1.HoldService/ListHolds";
inline constexpr char kReleaseHold[] = "/terrace.v1.HoldService/ReleaseHold";
inline constexpr char kWatch[] = "/terrace.v1.HoldService/Watch";

inline constexpr char kGetStatus[] = "/terrace.v1.PlatformService/GetStatus";
inline constexpr char kListParts[] = "/terrace.v1.PlatformService/ListParts";
inline constexpr char kListResources[] = "/terrace.v1.PlatformService/ListResources";

}  // namespace terrace::cli
