#include "backend/keeper/kernelprocess.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace farcell {

namespace {

constexpr std::size_t tailBytes = 32UL * 1024;          // 50 lines, and what faulthandler tells
constexpr std::uint64_t outputFileBytes = 512UL * 1024; // then it becomes .1 and a new one begins

// Of a file that counts them, if it does.
std::optional<std::uint64_t> oomKillsIn(const std::string &file)
{
    std::ifstream events(file);
    std::string name;
    std::uint64_t count = 0;
    while (events >> name >> count) {
        if (name == "oom_kill") {
            return count;
        }
    }
    return std::nullopt;
}

// A process' memory cgroup and its count of processes killed for want of memory; an empty file
// where that is not told.
KernelProcess::OomCount oomKills(pid_t pid)
{
    std::ifstream membership("/proc/" + std::to_string(pid) + "/cgroup");
    std::string line;
    while (std::getline(membership, line)) {
        std::string file;
        if (const std::size_t at = line.find(":memory:"); at != std::string::npos) {
            file = "/sys/fs/cgroup/memory" + line.substr(at + 8) + "/memory.oom_control";
        } else if (line.rfind("0::", 0) == 0) {
            file = "/sys/fs/cgroup" + line.substr(3) + "/memory.events";
        }
        if (const auto count = oomKillsIn(file)) {
            return {file, *count};
        }
    }
    return {};
}

// Where the system's log can be read (mostly by root): "Out of memory: Killed process 123
// (python3)".
bool isInKernelLog(pid_t pid)
{
    const int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (log < 0) {
        return false;
    }
    const std::string wanted = "Killed process " + std::to_string(pid) + ' ';
    std::array<char, 8192> record{}; // one at a time; EPIPE: one was lost
    bool isFound = false;
    for (int i = 0; i < 100000 && !isFound; ++i) {
        const ssize_t got = read(log, record.data(), record.size());
        if (got < 0 && errno != EPIPE && errno != EINTR) {
            break;
        }
        isFound = got > 0 &&
                  std::string_view(record.data(), static_cast<std::size_t>(got)).find(wanted) !=
                      std::string_view::npos;
    }
    close(log);
    return isFound;
}

// A program as the shell would find it, looked up before fork(): nothing after it may allocate.
std::string findProgram(const std::string &name, const std::map<std::string, std::string> &env)
{
    if (name.find('/') != std::string::npos) {
        return name;
    }
    const auto path = env.find("PATH");
    std::istringstream directories(path != env.end() ? path->second
                                                     : "/usr/local/bin:/usr/bin:/bin");
    std::string directory;
    while (std::getline(directories, directory, ':')) {
        std::string candidate = (directory.empty() ? "." : directory) + '/' + name;
        if (access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
    }
    return name;
}

std::vector<char *> pointers(std::vector<std::string> &texts)
{
    std::vector<char *> result;
    result.reserve(texts.size() + 1);
    for (std::string &text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

struct Pipe
{
    int read = -1;
    int write = -1;

    bool open()
    {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) {
            return false;
        }
        read = ends[0];
        write = ends[1];
        return true;
    }

    void close()
    {
        for (int *end : {&read, &write}) {
            if (*end >= 0) {
                ::close(std::exchange(*end, -1));
            }
        }
    }
};

// In the child: only async-signal-safe calls, then exec. Tells errno through `problem`.
[[noreturn]] void becomeKernel(const char *program, char *const *argv, char *const *environment,
                               const char *directory, int output, int problem, pid_t keeper,
                               char *const *groups)
{
    setsid();
    for (; *groups != nullptr; ++groups) {
        const int group = open(*groups, O_WRONLY | O_CLOEXEC);
        if (group >= 0) {
            [[maybe_unused]] const ssize_t entered = write(group, "0", 1); // tried before
            close(group);
        }
    }
    // A kernel nobody can reach any more must not go on holding a GPU.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) {
        ::signal(number, SIG_DFL);
    }
    const int null = open("/dev/null", O_RDONLY);
    if (getppid() == keeper && chdir(directory) == 0 && null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        if (null > STDERR_FILENO) {
            close(null);
        }
        execve(program, argv, environment);
    }
    const int error = errno;
    [[maybe_unused]] const ssize_t told = write(problem, &error, sizeof error);
    _exit(127);
}

} // namespace

KernelProcess::KernelProcess(std::string outputPath)
    : m_outputPath(std::move(outputPath))
{}

KernelProcess::~KernelProcess()
{
    if (isRunning()) {
        signal(SIGKILL);
        waitpid(m_pid, nullptr, 0);
    }
    if (m_output >= 0) {
        close(m_output);
    }
}

tl::expected<void, std::string>
KernelProcess::start(const std::vector<std::string> &argv,
                     const std::map<std::string, std::string> &environment,
                     const std::string &workingDirectory)
{
    std::string program = findProgram(argv.front(), environment);
    std::vector<std::string> arguments = argv;
    if (!m_view.isPlain() && access(program.c_str(), X_OK) == 0) {
        arguments = viewCommand(m_view);
        arguments.push_back(std::exchange(program, "/proc/self/exe")); // ourselves
        arguments.insert(arguments.end(), argv.begin(), argv.end());
    }
    std::vector<std::string> variables;
    variables.reserve(environment.size());
    for (const auto &[name, value] : environment) {
        variables.emplace_back(name).append("=").append(value);
    }
    const std::vector<char *> argumentPointers = pointers(arguments);
    const std::vector<char *> variablePointers = pointers(variables);
    Pipe output;
    Pipe problem;
    if (!output.open() || !problem.open()) {
        const std::string reason = std::strerror(errno);
        output.close();
        return tl::unexpected("no pipe: " + reason);
    }
    m_tail.clear();
    m_oomBefore = {};
    prepareGroup();
    std::vector<std::string> groups = m_group ? m_group->entrances() : std::vector<std::string>();
    const std::vector<char *> groupPointers = pointers(groups);
    const pid_t keeper = getpid();
    const pid_t child = fork();
    if (child == 0) {
        becomeKernel(program.c_str(), argumentPointers.data(), variablePointers.data(),
                     workingDirectory.c_str(), output.write, problem.write, keeper,
                     groupPointers.data());
    }
    close(output.write);
    close(problem.write);
    int error = child < 0 ? errno : 0;
    if (child > 0 && read(problem.read, &error, sizeof error) > 0) {
        waitpid(child, nullptr, 0);
    }
    close(problem.read);
    if (error != 0) {
        close(output.read);
        return tl::unexpected("cannot start " + program + " in " + workingDirectory + ": " +
                              std::strerror(error));
    }
    if (m_output >= 0) {
        close(m_output);
    }
    m_output = output.read;
    fcntl(m_output, F_SETFL, O_NONBLOCK);
    m_pid = child;
    noteOomKills();
    return {};
}

void KernelProcess::setLimits(const ResourceLimits &limits, const std::string &groupName)
{
    m_limits = limits;
    m_groupName = groupName;
}

void KernelProcess::prepareGroup()
{
    m_group.reset();
    m_limitsRefused.clear();
    if (m_limits.areNone()) {
        return;
    }
    auto made = ControlGroup::create(m_groupName, m_limits);
    if (made) {
        m_group.emplace(*std::move(made));
    } else {
        m_limitsRefused = made.error();
    }
}

void KernelProcess::noteOomKills()
{
    m_oomBefore = isRunning() ? oomKills(m_pid) : OomCount();
}

void KernelProcess::signal(int number) const
{
    if (isRunning() && kill(-m_pid, number) != 0) {
        kill(m_pid, number); // so early that it has no group yet
    }
}

std::optional<KernelProcess::Exit> KernelProcess::reap()
{
    siginfo_t info = {};
    if (!isRunning() ||
        waitid(P_PID, static_cast<id_t>(m_pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid != m_pid) {
        return std::nullopt;
    }
    // While it is a zombie its number cannot be given to another group.
    kill(-m_pid, SIGKILL);
    readOutput();
    // What has ended is in no group any more: the one it was in is asked.
    const std::uint64_t oomNow = oomKillsIn(m_oomBefore.file).value_or(0);
    int status = 0;
    waitpid(m_pid, &status, 0);
    const pid_t ended = std::exchange(m_pid, -1);
    Exit exit;
    if (WIFSIGNALED(status)) {
        exit.signal = WTERMSIG(status);
        const bool isMore = oomNow > m_oomBefore.count;
        exit.isOutOfMemory = exit.signal == SIGKILL && (isMore || isInKernelLog(ended));
        exit.memoryLimit = exit.isOutOfMemory && isMore && m_group ? m_limits.memory : 0;
    } else {
        exit.code = WEXITSTATUS(status);
    }
    return exit;
}

void KernelProcess::readOutput()
{
    std::array<char, 16384> bytes{};
    for (int i = 0; i < 64 && m_output >= 0; ++i) {
        const ssize_t got = read(m_output, bytes.data(), bytes.size());
        if (got > 0) {
            keepOutput(bytes.data(), static_cast<std::size_t>(got));
        } else if (got == 0) {
            close(std::exchange(m_output, -1));
        } else if (errno != EINTR) {
            return;
        }
    }
}

void KernelProcess::keepOutput(const char *bytes, std::size_t size)
{
    m_tail.append(bytes, size);
    if (m_tail.size() > tailBytes) {
        m_tail.erase(0, m_tail.size() - tailBytes);
    }
    if (m_outputBytes + size > outputFileBytes) {
        rename(m_outputPath.c_str(), (m_outputPath + ".1").c_str());
        m_outputBytes = 0;
    }
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
    const int file = open(m_outputPath.c_str(), flags, S_IRUSR | S_IWUSR);
    if (file >= 0) {
        if (write(file, bytes, size) > 0) {
            m_outputBytes += size;
        }
        close(file);
    }
}

std::string KernelProcess::lastOutputLine() const
{
    const std::size_t end = m_tail.find_last_not_of(" \t\r\n");
    if (end == std::string::npos) {
        return {};
    }
    const std::size_t begin = m_tail.find_last_of('\n', end);
    return m_tail.substr(begin + 1, end - begin);
}

std::string describeExit(const KernelProcess::Exit &exit)
{
    if (exit.memoryLimit > 0) {
        return "The kernel was ended by the system because it reached its memory limit";
    }
    if (exit.isOutOfMemory) {
        return "The kernel was ended by the system because memory ran out";
    }
    if (exit.signal != 0) {
        return "The kernel was killed by signal " + std::to_string(exit.signal) + " (" +
               strsignal(exit.signal) + ")";
    }
    return "The kernel ended with exit code " + std::to_string(exit.code);
}

std::uint64_t processStartTime(pid_t pid)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const std::size_t afterName = text.rfind(')');
    if (afterName == std::string::npos) {
        return 0;
    }
    std::istringstream fields(text.substr(afterName + 1));
    std::string field;
    for (int number = 3; number <= 22 && fields >> field; ++number) {
        if (number == 3 && field == "Z") {
            return 0; // a zombie is as good as gone
        }
    }
    return std::strtoull(field.c_str(), nullptr, 10);
}

} // namespace farcell
