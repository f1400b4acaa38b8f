#include "backend/keeper/processtree.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace farcell {

namespace {

constexpr std::size_t mostThreads = 256; // looked at per process
constexpr double computingShare = 0.05;  // of one processor

std::string readText(const std::string &path)
{
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// The numbers in a directory's names: processes in /proc, threads in a task directory.
std::vector<pid_t> numbersIn(const std::string &directory)
{
    std::vector<pid_t> numbers;
    std::error_code error;
    for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
         it.increment(error)) {
        const std::string name = it->path().filename().string();
        if (name.find_first_not_of("0123456789") == std::string::npos) {
            numbers.push_back(static_cast<pid_t>(std::strtol(name.c_str(), nullptr, 10)));
        }
    }
    return numbers;
}

struct Stat
{
    char state = 0; // 0: there is no such process
    pid_t parent = 0;
    pid_t session = 0;
    std::uint64_t ticks = 0; // of itself and the children it waited for
    std::uint64_t residentPages = 0;
};

Stat readStat(const std::string &path)
{
    const std::string text = readText(path);
    const std::size_t afterName = text.rfind(')');
    Stat stat;
    if (afterName == std::string::npos) {
        return stat;
    }
    std::istringstream fields(text.substr(afterName + 1));
    fields >> stat.state;
    std::array<long long, 22> values{}; // ppid is the first, rss the 21st
    for (std::size_t i = 0; i < values.size() && fields >> values.at(i); ++i) {
    }
    stat.parent = static_cast<pid_t>(values[0]);
    stat.session = static_cast<pid_t>(values[2]);
    stat.ticks = static_cast<std::uint64_t>(values[10] + values[11] + values[12] + values[13]);
    stat.residentPages = static_cast<std::uint64_t>(values[20]);
    return stat;
}

std::map<pid_t, Stat> tree(pid_t root)
{
    std::map<pid_t, Stat> all;
    for (const pid_t pid : numbersIn("/proc")) {
        all[pid] = readStat("/proc/" + std::to_string(pid) + "/stat");
    }
    std::map<pid_t, Stat> found;
    const auto take = [&](pid_t pid) {
        const auto it = all.find(pid);
        // One that ended and was not collected (IPython may be interrupted before it does) is none.
        const bool isThere = it != all.end() && it->second.state != 0 && it->second.state != 'Z';
        return isThere && found.insert(*it).second;
    };
    bool isGrowing = take(root);
    while (isGrowing) {
        isGrowing = false;
        for (const auto &[pid, stat] : all) {
            if (stat.session == root || found.contains(stat.parent)) {
                isGrowing = take(pid) || isGrowing;
            }
        }
    }
    return found;
}

// What an environment variable was when the process began; empty: not set, or not ours to read.
std::string variableOf(pid_t pid, std::string_view name)
{
    const std::string text = '\0' + readText("/proc/" + std::to_string(pid) + "/environ");
    const std::string key = '\0' + std::string(name) + '=';
    const std::size_t at = text.find(key);
    return at == std::string::npos ? std::string() : std::string(text.c_str() + at + key.size());
}

std::uint64_t switchesOf(const std::string &task)
{
    std::istringstream lines(readText(task + "/status"));
    std::string line;
    std::uint64_t sum = 0;
    while (std::getline(lines, line)) {
        if (line.find("ctxt_switches:") != std::string::npos) {
            sum += std::strtoull(line.c_str() + line.find(':') + 1, nullptr, 10);
        }
    }
    return sum;
}

std::string linkTarget(const std::string &path)
{
    std::array<char, 4096> target{};
    const ssize_t length = readlink(path.c_str(), target.data(), target.size());
    return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length))
                      : std::string();
}

std::string textAt(pid_t pid, std::uint64_t address)
{
    std::array<char, 4096> text{};
    const iovec local = {text.data(), text.size()};
    // Up to the end of its page, which is all that must be there.
    constexpr std::uint64_t page = 4096;
    const iovec remote = {reinterpret_cast<void *>(address), // NOLINT(performance-no-int-to-ptr)
                          static_cast<std::size_t>(page - address % page)};
    const ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
    if (got <= 0) {
        return {};
    }
    return {text.data(), strnlen(text.data(), static_cast<std::size_t>(got))};
}

// What a system call of a blocked thread works on: a path of its arguments, or an open file.
std::string pathOfCall(pid_t pid, pid_t thread)
{
    const std::string process = "/proc/" + std::to_string(pid);
    std::istringstream fields(readText(process + "/task/" + std::to_string(thread) + "/syscall"));
    long number = -1;
    std::array<std::uint64_t, 2> arguments{};
    fields >> number >> std::hex >> arguments[0] >> arguments[1];
    if (fields.fail()) {
        return {};
    }
    const auto isOne = [number](std::initializer_list<long> calls) {
        return std::find(calls.begin(), calls.end(), number) != calls.end();
    };
    const auto openFile = [&](std::uint64_t descriptor) {
        const auto value = static_cast<int>(descriptor);
        return linkTarget(value == AT_FDCWD ? process + "/cwd"
                                            : process + "/fd/" + std::to_string(value));
    };
    std::string path;
    std::string base;
    if (isOne({SYS_openat, SYS_newfstatat, SYS_statx, SYS_unlinkat, SYS_mkdirat, SYS_readlinkat,
               SYS_faccessat, SYS_faccessat2, SYS_renameat2, SYS_utimensat})) {
        path = textAt(pid, arguments[1]);
        base = openFile(arguments[0]);
    } else if (isOne({
#ifdef SYS_open
                   SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_unlink, SYS_mkdir, SYS_rmdir,
                   SYS_rename, SYS_readlink, SYS_creat,
#endif
                   SYS_chdir, SYS_statfs, SYS_truncate, SYS_execve})) {
        path = textAt(pid, arguments[0]);
        base = openFile(static_cast<std::uint64_t>(AT_FDCWD));
    } else if (isOne({SYS_read, SYS_write, SYS_pread64, SYS_pwrite64, SYS_readv, SYS_writev,
                      SYS_fstat, SYS_fsync, SYS_fdatasync, SYS_getdents64, SYS_lseek, SYS_ftruncate,
                      SYS_close, SYS_fstatfs, SYS_flock})) {
        return openFile(arguments[0]);
    } else {
        return {};
    }
    if (!path.empty() && path.front() == '/') {
        return path;
    }
    return path.empty() ? base : base + '/' + path;
}

// Uninterruptible, or waiting for the program behind a FUSE mount.
bool isBlocked(const std::string &task, char state)
{
    return state == 'D' || (state == 'S' && readText(task + "/wchan") == "request_wait_answer");
}

} // namespace

TreeSample sampleTree(pid_t root)
{
    static const auto pageBytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    TreeSample sample;
    sample.at = std::chrono::steady_clock::now();
    for (const auto &[pid, stat] : tree(root)) {
        if (pid == root) {
            sample.processes.insert(sample.processes.begin(), pid);
        } else {
            sample.processes.push_back(pid);
        }
        sample.cpuTicks += stat.ticks;
        sample.residentBytes += stat.residentPages * pageBytes;
        const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
        std::vector<pid_t> threads = numbersIn(tasks);
        threads.resize(std::min(threads.size(), mostThreads));
        for (const pid_t thread : threads) {
            const std::string task = tasks + '/' + std::to_string(thread);
            const char state = readStat(task + "/stat").state;
            sample.isRunnable = sample.isRunnable || state == 'R';
            if (isBlocked(task, state)) {
                sample.blocked.push_back({thread, switchesOf(task), pathOfCall(pid, thread)});
            }
        }
    }
    return sample;
}

pid_t rootOfProcess(pid_t pid, const std::map<pid_t, std::string> &roots)
{
    constexpr int mostAncestors = 1000; // /proc changes while we climb
    pid_t ancestor = pid;
    for (int i = 0; i < mostAncestors && ancestor > 1; ++i) {
        if (roots.contains(ancestor)) {
            return ancestor;
        }
        ancestor = readStat("/proc/" + std::to_string(ancestor) + "/stat").parent;
    }
    const std::string value = variableOf(pid, kernelVariable);
    const auto named = std::find_if(roots.begin(), roots.end(), [&](const auto &root) {
        return !value.empty() && root.second == value;
    });
    return named == roots.end() ? 0 : named->first;
}

nlohmann::json describeTree(const TreeSample &before, const TreeSample &after, bool isBusy)
{
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    const double seconds = std::chrono::duration<double>(after.at - before.at).count();
    // A process that ended took its share along.
    const double cpu = after.cpuTicks > before.cpuTicks
                           ? static_cast<double>(after.cpuTicks - before.cpuTicks) / ticks
                           : 0;
    const auto stuck =
        std::find_if(after.blocked.begin(), after.blocked.end(), [&](const auto &now) {
            return std::any_of(before.blocked.begin(), before.blocked.end(), [&](const auto &then) {
                return then.thread == now.thread && then.switches == now.switches;
            });
        });
    const char *state = "waiting";
    if (!isBusy) {
        state = "idle";
    } else if (stuck != after.blocked.end()) {
        state = "stuck";
    } else if ((seconds > 0 && cpu / seconds >= computingShare) ||
               (before.isRunnable && after.isRunnable)) { // others may leave it no processor
        state = "computing";
    }
    const bool isPathKnown = state == std::string("stuck") && !stuck->path.empty();
    return {{"pid",
             after.processes.empty() ? nlohmann::json() : nlohmann::json(after.processes.front())},
            {"state", state},
            {"stuck_on", isPathKnown ? nlohmann::json(stuck->path) : nlohmann::json()},
            {"rss", after.residentBytes},
            {"cpu_s", static_cast<double>(after.cpuTicks) / ticks},
            {"processes", after.processes.size()}};
}

void signalTree(pid_t root, int number, bool withRoot)
{
    std::vector<pid_t> groups;
    for (const auto &[pid, stat] : tree(root)) {
        const pid_t group = getpgid(pid);
        const bool isWanted = group > 1 && group != getpgrp() && (withRoot || group != root);
        if (isWanted && std::find(groups.begin(), groups.end(), group) == groups.end()) {
            groups.push_back(group);
        }
    }
    for (const pid_t group : groups) {
        kill(-group, number);
    }
    if (withRoot) {
        kill(root, number); // so early that it has no group yet
    }
}

std::uint64_t residentBytes(pid_t pid)
{
    static const auto pageBytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    std::istringstream fields(readText("/proc/" + std::to_string(pid) + "/statm"));
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    fields >> total >> resident;
    return resident * pageBytes;
}

} // namespace farcell
