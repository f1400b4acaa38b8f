#include "backend/keeper/controlgroup.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace farcell {

namespace {

constexpr int periodUs = 100000; // in which processors are shared out

using Problem = tl::expected<void, std::string>;

struct Setting
{
    const char *file;
    std::string value;
    bool isNeeded = true; // else the system may lack it
};

struct Controller
{
    std::string name;
    std::vector<Setting> version2, version1;
};

std::vector<Controller> controllersFor(const ResourceLimits &limits)
{
    std::vector<Controller> wanted;
    if (limits.memory > 0) {
        const std::string bytes = std::to_string(limits.memory);
        // Without swap: a kernel that has reached its limit is to end, not to crawl.
        wanted.push_back(
            {"memory",
             {{"memory.max", bytes}, {"memory.swap.max", "0", false}},
             {{"memory.limit_in_bytes", bytes}, {"memory.memsw.limit_in_bytes", bytes, false}}});
    }
    if (limits.cores > 0) {
        const std::string quota = std::to_string(std::llround(limits.cores * periodUs));
        const std::string period = std::to_string(periodUs);
        wanted.push_back({"cpu",
                          {{"cpu.max", quota + ' ' + period}},
                          {{"cpu.cfs_period_us", period}, {"cpu.cfs_quota_us", quota}}});
    }
    return wanted;
}

std::string firstLine(const std::string &path)
{
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

bool hasWord(const std::string &text, const std::string &word)
{
    std::istringstream words(text);
    std::string one;
    while (words >> one) {
        if (one == word) {
            return true;
        }
    }
    return false;
}

// 0 or errno.
int writeText(const std::string &path, std::string_view text)
{
    const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) {
        return errno;
    }
    const int problem =
        write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
    close(file);
    return problem;
}

bool isFolder(const std::string &path)
{
    struct stat info = {};
    return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// Our own group below `mount`. `controller`: "" for version 2. A container that sees only its own
// part of the tree has that at the mount.
std::string ownGroup(const std::string &mount, const std::string &controller)
{
    std::ifstream membership("/proc/self/cgroup"); // "4:cpu,cpuacct:/path", "0::/path"
    std::string line;
    while (std::getline(membership, line)) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (second == std::string::npos) {
            continue;
        }
        std::string names = line.substr(first + 1, second - first - 1);
        std::replace(names.begin(), names.end(), ',', ' ');
        const std::string path = line.substr(second + 1);
        if (controller.empty() ? names.empty() : hasWord(names, controller)) {
            return path == "/" || !isFolder(mount + path) ? mount : mount + path;
        }
    }
    return mount;
}

std::string refusal(const std::string &folder, int error)
{
    return "The system does not permit a control group in " + folder + " (" + std::strerror(error) +
           ")";
}

Problem setLimits(const std::string &folder, const std::vector<Setting> &settings)
{
    for (const Setting &setting : settings) {
        const int error = writeText(folder + '/' + setting.file, setting.value);
        if (error != 0 && setting.isNeeded) {
            return tl::unexpected(refusal(folder + '/' + setting.file, error));
        }
    }
    return {};
}

// Whoever set a limit here means all that runs below.
bool limitsSomething(const std::string &group)
{
    for (const char *file : {"/memory.max", "/cpu.max"}) {
        const std::string limit = firstLine(group + file);
        if (!limit.empty() && limit.rfind("max", 0) != 0) {
            return true;
        }
    }
    return false;
}

// 0 or errno. The group's children get the controllers.
int passOn(const std::string &group, const std::vector<const Controller *> &controllers)
{
    const std::string given = firstLine(group + "/cgroup.subtree_control");
    for (const Controller *controller : controllers) {
        const int error =
            hasWord(given, controller->name)
                ? 0
                : writeText(group + "/cgroup.subtree_control", "+" + controller->name);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

// 0 or errno: whether a process may go in, which needs rights on more than the folder.
int tryToEnter(const std::vector<std::string> &entrances)
{
    std::vector<const char *> paths;
    paths.reserve(entrances.size());
    for (const std::string &entrance : entrances) {
        paths.push_back(entrance.c_str());
    }
    const pid_t child = fork();
    if (child == 0) {
        for (const char *path : paths) {
            const int file = open(path, O_WRONLY | O_CLOEXEC);
            if (file < 0 || write(file, "0", 1) != 1) {
                _exit(errno);
            }
            close(file);
        }
        _exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return errno;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

} // namespace

tl::expected<ControlGroup, std::string> ControlGroup::create(const std::string &name,
                                                             const ResourceLimits &limits,
                                                             const std::string &mount)
{
    const std::vector<Controller> wanted = controllersFor(limits);
    const std::string unified =
        access((mount + "/cgroup.controllers").c_str(), F_OK) == 0 ? mount : mount + "/unified";
    const std::string offered = firstLine(unified + "/cgroup.controllers");
    ControlGroup made;
    const auto make = [&](const std::string &folder) {
        if (mkdir(folder.c_str(), S_IRWXU | S_IRGRP | S_IXGRP) != 0 && errno != EEXIST) {
            return errno;
        }
        made.m_folders.push_back(folder);
        return 0;
    };

    std::vector<const Controller *> together; // in one group of version 2
    for (const Controller &controller : wanted) {
        if (hasWord(offered, controller.name)) {
            together.push_back(&controller);
            continue;
        }
        const std::string hierarchy = mount + '/' + controller.name;
        if (access((hierarchy + "/cgroup.procs").c_str(), F_OK) != 0) {
            return tl::unexpected("This system has no control groups for " + controller.name);
        }
        const std::string folder = ownGroup(hierarchy, controller.name) + '/' + name;
        if (const int error = make(folder); error != 0) {
            return tl::unexpected(refusal(folder, error));
        }
        if (const Problem applied = setLimits(folder, controller.version1); !applied) {
            return tl::unexpected(applied.error());
        }
    }
    if (!together.empty()) {
        // Our own group has processes, so that mostly an outer one must do.
        std::string group = ownGroup(unified, {});
        int error = EACCES;
        for (;;) {
            error = passOn(group, together);
            const std::size_t length = group.size();
            group.append("/").append(name);
            error = error == 0 ? make(group) : error;
            if (error == 0) {
                break;
            }
            group.resize(length);
            if (group == unified || limitsSomething(group)) {
                break;
            }
            group.resize(group.rfind('/'));
        }
        if (error != 0) {
            return tl::unexpected(refusal(group, error));
        }
        for (const Controller *controller : together) {
            if (const Problem applied = setLimits(group, controller->version2); !applied) {
                return tl::unexpected(applied.error());
            }
        }
    }
    if (const int error = tryToEnter(made.entrances()); error != 0) {
        return tl::unexpected(refusal(made.m_folders.back(), error));
    }
    return made;
}

ControlGroup::ControlGroup(ControlGroup &&other) noexcept
    : m_folders(std::exchange(other.m_folders, {}))
{}

ControlGroup::~ControlGroup()
{
    for (const std::string &folder : m_folders) {
        rmdir(folder.c_str());
    }
}

std::vector<std::string> ControlGroup::entrances() const
{
    std::vector<std::string> files;
    files.reserve(m_folders.size());
    for (const std::string &folder : m_folders) {
        files.push_back(folder + "/cgroup.procs");
    }
    return files;
}

std::string whyNoLimits()
{
    constexpr std::uint64_t memory = 1ULL << 30;
    const auto made =
        ControlGroup::create("farcell-probe-" + std::to_string(getpid()), {memory, 1});
    return made ? std::string() : made.error();
}

} // namespace farcell
