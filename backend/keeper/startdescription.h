#pragma once

#include "backend/keeper/controlgroup.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace farcell {

// What a keeper is told about its kernel, in the file start.json of the bundle directory: nothing
// of it stands in a command line or an environment that others can read.
struct StartDescription
{
    std::string kernelId;
    std::string kernelName;
    std::string language;
    std::vector<std::string> argv; // {connection_file} and {resource_dir} still in it
    std::map<std::string, std::string> environment; // the kernel's whole environment
    std::string workingDirectory;
    std::string resourceDirectory;
    std::string sessionName;
    bool interruptByMessage = false;
    bool useIpc = false;        // else TCP on loopback
    bool endWithOwner = false;  // a kernel kept ready that nobody asked for yet
    bool endWithServer = false; // soon after farcelld is gone, however it went
    std::int64_t startedAt = 0; // Unix time, s
    std::uint64_t retainedBytes = 4ULL * 1024 * 1024 * 1024;
    int maxRestarts = 5;
    ResourceLimits limits;
    std::optional<std::vector<std::string>> gpus; // UUIDs of those it sees; absent: all
    bool ownView = false;                         // in a namespace of its own, see KernelView
    std::string nvidiaSmi;                        // to be seen there as /opt/bin/nvidia-smi

    static tl::expected<StartDescription, std::string> read(const std::string &path);
    [[nodiscard]] tl::expected<void, std::string> write(const std::string &path) const;
};

// Writes a file only its owner can read, whole or not at all.
[[nodiscard]] tl::expected<void, std::string> writePrivateFile(const std::string &path,
                                                               const std::string &text);

// Names inside a bundle directory.
namespace bundle {
inline constexpr const char *startFile = "start.json";
inline constexpr const char *processFile = "keeper.json"; // pids, for finding them again
inline constexpr const char *connectionFile = "connection.json";
inline constexpr const char *socketFile = "keeper.sock";
inline constexpr const char *logFile = "keeper.log";
inline constexpr const char *outputFile = "output.log";
inline constexpr const char *journalDirectory = "journal";
// Of all kernels of this user: two folders up.
inline constexpr const char *durationsFile = "/../../durations";
} // namespace bundle

} // namespace farcell
