#include "backend/keeper/kernelview.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

namespace farcell {

namespace {

constexpr const char *optional = "/opt";
constexpr const char *tools = "/opt/bin";
constexpr const char *tool = "/opt/bin/nvidia-smi";
constexpr mode_t folderMode = S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH;

// Empty: done; else what the system does not permit.
using Problem = std::string;

Problem refusal(const std::string &what)
{
    return what + ": " + std::strerror(errno);
}

bool writeText(const char *path, const std::string &text)
{
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    const bool isWritten =
        file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int error = errno;
    if (file >= 0) {
        close(file);
    }
    errno = error;
    return isWritten;
}

// Root needs no namespace of users, and would lose its rights on others' files in one.
Problem enterNamespace()
{
    const uid_t user = geteuid();
    const gid_t group = getegid();
    const bool isRoot = user == 0;
    if (unshare(isRoot ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) {
        return refusal("The system does not permit a namespace for kernels");
    }
    const auto itself = [](unsigned id) {
        return std::to_string(id) + ' ' + std::to_string(id) + " 1";
    };
    if (!isRoot && (!writeText("/proc/self/setgroups", "deny") ||
                    !writeText("/proc/self/uid_map", itself(user)) ||
                    !writeText("/proc/self/gid_map", itself(group)))) {
        return refusal("The system does not permit a user in a namespace for kernels");
    }
    // What is mounted outside later appears inside, and never the other way round.
    if (mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
        return refusal("The system does not permit mounts of a kernel's own");
    }
    return {};
}

struct CloseFolder
{
    void operator()(DIR *folder) const { closedir(folder); }
};

std::vector<std::string> namesIn(const std::string &path)
{
    std::vector<std::string> names;
    const std::unique_ptr<DIR, CloseFolder> folder(opendir(path.c_str()));
    while (const dirent *entry = folder ? readdir(folder.get()) : nullptr) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            names.emplace_back(name);
        }
    }
    return names;
}

// One entry of a folder that was just covered, at the same place again.
bool showAgain(int covered, const std::string &name, const std::string &place)
{
    struct stat info = {};
    if (fstatat(covered, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        return false;
    }
    if (S_ISLNK(info.st_mode)) {
        std::array<char, 4096> target{};
        return readlinkat(covered, name.c_str(), target.data(), target.size() - 1) > 0 &&
               symlink(target.data(), place.c_str()) == 0;
    }
    bool isMade = false;
    if (S_ISDIR(info.st_mode)) {
        isMade = mkdir(place.c_str(), folderMode) == 0;
    } else {
        const int file = open(place.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR);
        isMade = file >= 0 && close(file) == 0;
    }
    const std::string source = "/proc/self/fd/" + std::to_string(covered) + '/' + name;
    return isMade && mount(source.c_str(), place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0;
}

// Covers a folder with one that has the same entries and nvidia-smi, and cannot be written to:
// what somebody puts into it must not be lost without a word.
Problem addTool(const std::string &folder, const std::string &program)
{
    constexpr unsigned long flags = MS_NOSUID | MS_NODEV;
    const std::vector<std::string> names = namesIn(folder);
    const int covered = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (covered < 0 || mount("farcell", folder.c_str(), "tmpfs", flags, "size=1m,mode=0755") != 0) {
        Problem problem = refusal("The system does not permit a mount on " + folder);
        close(covered);
        return problem;
    }
    bool isDone = std::all_of(names.begin(), names.end(), [&](const std::string &name) {
        return showAgain(covered, name, folder + '/' + name);
    });
    isDone = isDone && (mkdir(tools, folderMode) == 0 || errno == EEXIST) &&
             symlink(program.c_str(), tool) == 0 &&
             mount(nullptr, folder.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | flags,
                   nullptr) == 0;
    Problem problem = isDone ? Problem() : refusal("Something in " + folder + " cannot be shown");
    if (!isDone) {
        umount2(folder.c_str(), MNT_DETACH);
    }
    close(covered);
    return problem;
}

Problem showTool(const std::string &program)
{
    if (access(tool, X_OK) == 0) {
        return {};
    }
    // Root makes the empty folder: covered is then nothing else.
    const bool isThere = mkdir(tools, folderMode) == 0 || errno == EEXIST;
    return addTool(isThere ? tools : optional, program);
}

// Opening it fails with EACCES from here on, for root as well.
Problem hide(const std::string &device)
{
    if (access(device.c_str(), F_OK) != 0) {
        return {};
    }
    const char *path = device.c_str();
    if (mount(path, path, nullptr, MS_BIND, nullptr) != 0 ||
        mount(nullptr, path, nullptr, MS_REMOUNT | MS_BIND | MS_NODEV | MS_NOSUID | MS_NOEXEC,
              nullptr) != 0) {
        return refusal(device + " cannot be hidden");
    }
    return {};
}

Problem arrange(const KernelView &view)
{
    if (Problem problem = enterNamespace(); !problem.empty()) {
        return problem;
    }
    Problem first;
    for (const std::string &device : view.hidden) {
        const Problem problem = hide(device);
        first = first.empty() ? problem : first;
    }
    const Problem problem = view.nvidiaSmi.empty() ? Problem() : showTool(view.nvidiaSmi);
    return first.empty() ? problem : first;
}

} // namespace

std::vector<std::string> viewCommand(const KernelView &view)
{
    std::vector<std::string> words = {"farcell-keeper", viewWord};
    if (!view.nvidiaSmi.empty()) {
        words.insert(words.end(), {"--nvidia-smi", view.nvidiaSmi});
    }
    for (const std::string &device : view.hidden) {
        words.insert(words.end(), {"--hide", device});
    }
    words.emplace_back("--");
    return words;
}

int enterView(int argc, char **argv)
{
    constexpr int usage = 2;
    constexpr int notStarted = 127;
    const pid_t parent = getppid();
    KernelView view;
    bool isCheck = false;
    int at = 2;
    for (; at < argc && std::strcmp(argv[at], "--") != 0; ++at) {
        const std::string_view word = argv[at];
        if (word == "--check") {
            isCheck = true;
        } else if (word == "--nvidia-smi" && at + 1 < argc) {
            view.nvidiaSmi = argv[++at];
        } else if (word == "--hide" && at + 1 < argc) {
            view.hidden.emplace_back(argv[++at]);
        } else {
            return usage;
        }
    }
    const Problem problem = arrange(view);
    if (!problem.empty()) {
        std::fprintf(stderr, "%s\n", problem.c_str());
    }
    if (isCheck) {
        return problem.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    const int program = at + 1; // then its argv[0], its arguments and a null pointer
    if (program + 1 >= argc) {
        return usage;
    }
    // Another namespace of users may have made the system forget what the keeper asked for.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent) {
        execv(argv[program], argv + program + 1);
    }
    std::fprintf(stderr, "%s: %s\n", argv[program], std::strerror(errno));
    return notStarted;
}

std::vector<std::string> hiddenDevices(const std::optional<std::vector<std::string>> &uuids,
                                       const std::string &folder)
{
    std::vector<std::string> hidden;
    const auto isInstance = [](const std::string &uuid) { return uuid.rfind("MIG-", 0) == 0; };
    if (!uuids || std::any_of(uuids->begin(), uuids->end(), isInstance)) {
        return hidden;
    }
    for (const std::string &name : namesIn(folder)) {
        std::string path = folder;
        path.append("/").append(name).append("/information");
        std::ifstream file(path); // "GPU UUID:  GPU-…"
        std::string line;
        std::string uuid;
        std::string minor;
        while (std::getline(file, line)) {
            const std::size_t colon = line.find(':');
            const std::size_t value = line.find_first_not_of(" \t", colon + 1);
            if (colon == std::string::npos || value == std::string::npos) {
                continue;
            }
            const std::string key = line.substr(0, colon);
            (key == "GPU UUID" ? uuid : key == "Device Minor" ? minor : line) = line.substr(value);
        }
        const bool isNumber =
            !minor.empty() && minor.find_first_not_of("0123456789") == std::string::npos;
        if (isNumber && std::find(uuids->begin(), uuids->end(), uuid) == uuids->end()) {
            hidden.push_back("/dev/nvidia" + minor);
        }
    }
    std::sort(hidden.begin(), hidden.end());
    return hidden;
}

} // namespace farcell
