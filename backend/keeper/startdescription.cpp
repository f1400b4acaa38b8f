#include "backend/keeper/startdescription.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace farcell {

using nlohmann::json;

namespace {

template <typename T>
bool take(const json &from, const char *key, T &into)
{
    const auto it = from.find(key);
    if (it == from.end()) {
        return false;
    }
    try {
        into = it->get<T>();
    } catch (const json::exception &) {
        return false;
    }
    return true;
}

} // namespace

tl::expected<StartDescription, std::string> StartDescription::read(const std::string &path)
{
    const std::ifstream file(path);
    if (!file) {
        return tl::unexpected("cannot read " + path);
    }
    std::ostringstream text;
    text << file.rdbuf();
    const json from = json::parse(text.str(), nullptr, false);
    StartDescription d;
    const bool isComplete =
        from.is_object() && take(from, "kernel_id", d.kernelId) &&
        take(from, "kernel_name", d.kernelName) && take(from, "language", d.language) &&
        take(from, "argv", d.argv) && take(from, "environment", d.environment) &&
        take(from, "working_directory", d.workingDirectory) &&
        take(from, "resource_directory", d.resourceDirectory) &&
        take(from, "session_name", d.sessionName) &&
        take(from, "interrupt_by_message", d.interruptByMessage) &&
        take(from, "use_ipc", d.useIpc) && take(from, "end_with_owner", d.endWithOwner) &&
        take(from, "retained_bytes", d.retainedBytes) && take(from, "max_restarts", d.maxRestarts);
    if (!isComplete || d.argv.empty()) {
        return tl::unexpected(path + " is not a start description");
    }
    // Not in those of older versions, whose kernels may still run.
    static_cast<void>(take(from, "end_with_server", d.endWithServer));
    static_cast<void>(take(from, "started_at", d.startedAt));
    static_cast<void>(take(from, "memory_limit", d.limits.memory));
    static_cast<void>(take(from, "cpu_limit", d.limits.cores));
    static_cast<void>(take(from, "own_view", d.ownView));
    static_cast<void>(take(from, "nvidia_smi", d.nvidiaSmi));
    if (std::vector<std::string> gpus; take(from, "gpus", gpus)) {
        d.gpus = std::move(gpus);
    }
    return d;
}

tl::expected<void, std::string> StartDescription::write(const std::string &path) const
{
    json text = {
        {"kernel_id", kernelId},
        {"kernel_name", kernelName},
        {"language", language},
        {"argv", argv},
        {"environment", environment},
        {"working_directory", workingDirectory},
        {"resource_directory", resourceDirectory},
        {"session_name", sessionName},
        {"interrupt_by_message", interruptByMessage},
        {"use_ipc", useIpc},
        {"end_with_owner", endWithOwner},
        {"end_with_server", endWithServer},
        {"started_at", startedAt},
        {"retained_bytes", retainedBytes},
        {"max_restarts", maxRestarts},
        {"memory_limit", limits.memory},
        {"cpu_limit", limits.cores},
        {"own_view", ownView},
        {"nvidia_smi", nvidiaSmi},
    };
    if (gpus) {
        text["gpus"] = *gpus;
    }
    return writePrivateFile(path, text.dump(2, ' ', false, json::error_handler_t::replace));
}

tl::expected<void, std::string> writePrivateFile(const std::string &path, const std::string &text)
{
    const std::string temporary = path + ".new";
    const auto failure = [&] { return tl::unexpected(path + ": " + std::strerror(errno)); };
    unlink(temporary.c_str());
    const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                          S_IRUSR | S_IWUSR);
    if (file < 0) {
        return failure();
    }
    const bool isWritten =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (close(file) != 0 || !isWritten || rename(temporary.c_str(), path.c_str()) != 0) {
        return failure();
    }
    return {};
}

} // namespace farcell
