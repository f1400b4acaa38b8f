#include "backend/keeper/treeusage.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace farcell {

namespace {

// For the next cell of a queue, which begins where the one before ended.
constexpr std::chrono::milliseconds stillTrue{2};

// Streams would cost several times the look itself.
std::optional<std::string> readText(const std::string &path)
{
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return std::nullopt;
    }
    std::string text;
    std::array<char, 4096> part; // filled by read()
    ssize_t got = 0;
    while ((got = ::read(file, part.data(), part.size())) > 0) {
        text.append(part.data(), static_cast<std::size_t>(got));
    }
    close(file);
    return text;
}

std::vector<std::uint64_t> numbersOf(std::string_view text)
{
    std::vector<std::uint64_t> numbers;
    const char *at = text.data();
    const char *const end = at + text.size();
    while (at != end) {
        std::uint64_t value = 0;
        const auto [after, error] = std::from_chars(at, end, value);
        if (error == std::errc()) {
            numbers.push_back(value);
            at = after;
        } else if (*at == '-') { // no figure that is looked at is negative, but each has its place
            numbers.push_back(0);
            at = std::find(at, end, ' ');
        } else {
            ++at;
        }
    }
    return numbers;
}

std::vector<pid_t> numbersIn(const std::string &directory)
{
    std::vector<pid_t> numbers;
    DIR *const opened = opendir(directory.c_str());
    if (opened == nullptr) {
        return numbers;
    }
    while (const dirent *const entry = readdir(opened)) { // NOLINT(concurrency-mt-unsafe)
        const std::string_view name(static_cast<const char *>(entry->d_name));
        pid_t number = 0;
        const auto [after, error] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (error == std::errc() && after == name.data() + name.size()) {
            numbers.push_back(number);
        }
    }
    closedir(opened);
    return numbers;
}

std::string folderOf(pid_t pid)
{
    return "/proc/" + std::to_string(pid);
}

// Finer than the ticks in /proc, and of ended threads as well.
std::optional<double> secondsOf(pid_t pid)
{
    clockid_t clock = 0;
    timespec time = {};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) {
        return std::nullopt;
    }
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::uint64_t highestMemory(pid_t pid)
{
    const std::string status = readText(folderOf(pid) + "/status").value_or("");
    const std::size_t at = status.find("VmHWM:");
    return at == std::string::npos ? 0 : std::strtoull(status.c_str() + at + 6, nullptr, 10) * 1024;
}

// Each thread has children of its own.
std::vector<pid_t> childrenOf(pid_t pid)
{
    std::vector<pid_t> children;
    const std::string tasks = folderOf(pid) + "/task";
    for (const pid_t thread : numbersIn(tasks)) {
        const auto text = readText(tasks + '/' + std::to_string(thread) + "/children");
        for (const std::uint64_t child : numbersOf(text.value_or(""))) {
            children.push_back(static_cast<pid_t>(child));
        }
    }
    return children;
}

} // namespace

bool TreeUsage::read(pid_t pid, Process &process)
{
    static const auto pageBytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    static const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    const std::string text = readText(folderOf(pid) + "/stat").value_or("");
    const std::size_t afterName = text.rfind(')');
    if (afterName == std::string::npos) {
        return false;
    }
    // Behind the name and the letter of its state; see proc(5).
    const std::vector<std::uint64_t> fields =
        numbersOf(std::string_view(text).substr(afterName + 1));
    if (fields.size() < 21) {
        return false;
    }
    process.parent = static_cast<pid_t>(fields[0]);
    process.own = secondsOf(pid).value_or(static_cast<double>(fields[10] + fields[11]) / ticks);
    process.collected = static_cast<double>(fields[12] + fields[13]) / ticks;
    process.start = fields[18];
    process.memory = fields[20] * pageBytes;
    return true;
}

TreeUsage::Processes TreeUsage::find() const
{
    Processes found;
    std::vector<pid_t> next = {m_root};
    const auto follow = [&] {
        while (!next.empty()) {
            const pid_t pid = next.back();
            next.pop_back();
            Process process;
            if (found.contains(pid) || !read(pid, process)) {
                continue;
            }
            found.emplace(pid, process);
            const std::vector<pid_t> children = childrenOf(pid);
            next.insert(next.end(), children.begin(), children.end());
        }
    };
    follow();
    for (const auto &[pid, before] : m_last) {
        Process process;
        if (!found.contains(pid) && read(pid, process) && process.start == before.start) {
            next.push_back(pid);
            follow();
        }
    }
    return found;
}

// A process that ended and was collected is in its parent's figure with its whole life, of which
// we counted a part already.
void TreeUsage::count(const Processes &now)
{
    const auto isThere = [&](pid_t pid, const Process &before) {
        const auto it = now.find(pid);
        return it != now.end() && it->second.start == before.start;
    };
    std::map<pid_t, double> counted; // by who collected it
    for (const auto &[pid, before] : m_last) {
        if (isThere(pid, before)) {
            continue;
        }
        auto parent = m_last.find(before.parent);
        while (parent != m_last.end() && !isThere(parent->first, parent->second)) {
            parent = m_last.find(parent->second.parent);
        }
        if (parent != m_last.end()) {
            counted[parent->first] += before.own + before.collected;
        }
    }
    for (const auto &[pid, process] : now) {
        const auto it = m_last.find(pid);
        const bool isKnown = it != m_last.end() && it->second.start == process.start;
        const Process before = isKnown ? it->second : Process();
        m_cpuSeconds += std::max(0.0, process.own - before.own);
        m_cpuSeconds += std::max(0.0, process.collected - before.collected - counted[pid]);
    }
}

void TreeUsage::takeMemory(const Processes &now)
{
    std::uint64_t sum = 0;
    for (const auto &[pid, process] : now) {
        sum += process.memory;
    }
    m_peakMemory = std::max(m_peakMemory, sum);
}

void TreeUsage::begin(pid_t root)
{
    if (root != m_root) {
        m_last.clear();
        m_lookedAt = {};
    }
    m_root = root;
    m_cpuSeconds = 0;
    m_peakMemory = 0;
    m_highBefore = highestMemory(root);
    if (std::chrono::steady_clock::now() - m_lookedAt > stillTrue) {
        m_last = find();
    }
    takeMemory(m_last);
}

void TreeUsage::look()
{
    Processes now = find();
    count(now);
    takeMemory(now);
    m_last = std::move(now);
    m_lookedAt = std::chrono::steady_clock::now();
}

void TreeUsage::end()
{
    look();
    const std::uint64_t high = highestMemory(m_root);
    if (high > m_highBefore) {
        m_peakMemory = std::max(m_peakMemory, high);
    }
}

} // namespace farcell
