#include "backend/kernels/keeperspawn.h"

#include "backend/keeper/kernelprocess.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace farcell {

namespace {

constexpr int listenerInKeeper = 3;

QString tr(const char *text)
{
    return QCoreApplication::translate("KeeperSpawn", text);
}

tl::unexpected<Error> failure(const char *message, const QString &bundle)
{
    const QString reason = QString::fromLocal8Bit(std::strerror(errno));
    return fail(ErrorCode::Internal, tr(message), bundle + QStringLiteral(": ") + reason);
}

struct Descriptor
{
    int value = -1;
    Descriptor(int descriptor)
        : value(descriptor)
    {}
    ~Descriptor()
    {
        if (value >= 0) {
            close(value);
        }
    }
    Q_DISABLE_COPY_MOVE(Descriptor)
};

// A unix socket's path may have 107 bytes at most: through the open directory it is short.
sockaddr_un addressIn(int directory)
{
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::string path =
        "/proc/self/fd/" + std::to_string(directory) + '/' + bundle::socketFile;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

int openDirectory(const QString &bundle)
{
    return open(QFile::encodeName(bundle).constData(), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

const sockaddr *generic(const sockaddr_un &address)
{
    return reinterpret_cast<const sockaddr *>(&address);
}

nlohmann::json readProcessFile(const QString &bundle)
{
    QFile file(bundle + u'/' + QLatin1String(bundle::processFile));
    if (!file.open(QIODevice::ReadOnly)) {
        return {};
    }
    return nlohmann::json::parse(file.readAll().toStdString(), nullptr, false);
}

pid_t runningProcess(const nlohmann::json &json, const char *pidKey, const char *startKey)
{
    if (!json.is_object() || !json.contains(pidKey) || !json[pidKey].is_number_integer() ||
        !json.contains(startKey) || !json[startKey].is_number_unsigned()) {
        return -1;
    }
    const auto pid = json[pidKey].get<pid_t>();
    const auto start = json[startKey].get<std::uint64_t>();
    return pid > 1 && start != 0 && processStartTime(pid) == start ? pid : -1;
}

} // namespace

Result<> makeBundle(const QString &bundle, const StartDescription &description)
{
    const QByteArray path = QFile::encodeName(bundle);
    if (mkdir(path.constData(), S_IRWXU) != 0) {
        return failure("The kernel's directory cannot be made", bundle);
    }
    const auto written = description.write(path.toStdString() + '/' + bundle::startFile);
    if (!written) {
        return fail(ErrorCode::Internal, tr("The kernel's directory cannot be written"),
                    QString::fromStdString(written.error()));
    }
    return {};
}

Result<pid_t> spawnKeeper(const QString &program, const QString &bundle)
{
    const Descriptor directory(openDirectory(bundle));
    const Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = addressIn(directory.value);
    constexpr int backlog = 8;
    if (directory.value < 0 || listener.value < 0 ||
        bind(listener.value, generic(address), sizeof address) != 0 ||
        listen(listener.value, backlog) != 0) {
        return failure("The kernel's socket cannot be made", bundle);
    }
    const QByteArray programPath = QFile::encodeName(program);
    const QByteArray bundlePath = QFile::encodeName(bundle);
    const QByteArray log = bundlePath + '/' + bundle::logFile;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    // dup2 onto itself also clears close-on-exec, so the listener may already be number 3.
    posix_spawn_file_actions_adddup2(&actions, listener.value, listenerInKeeper);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.constData(),
                                     O_WRONLY | O_CREAT | O_APPEND, S_IRUSR | S_IWUSR);
    posix_spawn_file_actions_addclosefrom_np(&actions, listenerInKeeper + 1);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t signalMask;
    sigemptyset(&signalMask);
    posix_spawnattr_setsigmask(&attributes, &signalMask);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
    QByteArray name = programPath;
    QByteArray argument = bundlePath;
    const std::array<char *, 3> argv = {name.data(), argument.data(), nullptr};
    pid_t pid = -1;
    const int problem =
        posix_spawn(&pid, programPath.constData(), &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (problem != 0) {
        errno = problem;
        return failure("The program farcell-keeper cannot be started", program);
    }
    return pid;
}

Result<int> connectToKeeper(const QString &bundle)
{
    const Descriptor directory(openDirectory(bundle));
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const sockaddr_un address = addressIn(directory.value);
    ucred peer = {};
    socklen_t size = sizeof peer;
    if (directory.value < 0 || descriptor < 0 ||
        connect(descriptor, generic(address), sizeof address) != 0 ||
        getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
        peer.uid != getuid()) {
        auto problem = failure("The kernel's keeper does not answer", bundle);
        if (descriptor >= 0) {
            close(descriptor);
        }
        return problem;
    }
    return descriptor;
}

BundleProcesses runningProcesses(const QString &bundle)
{
    const nlohmann::json json = readProcessFile(bundle);
    return {runningProcess(json, "keeper_pid", "keeper_start"),
            runningProcess(json, "kernel_pid", "kernel_start")};
}

void killLeftovers(const QString &bundle)
{
    const BundleProcesses left = runningProcesses(bundle);
    if (left.kernel > 0) {
        kill(-left.kernel, SIGKILL);
        kill(left.kernel, SIGKILL);
    }
    if (left.keeper > 0) {
        kill(left.keeper, SIGKILL);
    }
}

ProcessWatch::ProcessWatch(pid_t pid, QObject *parent)
    : QObject(parent)
    , m_pid(pid)
    , m_descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)))
{
    if (m_descriptor < 0) {
        QMetaObject::invokeMethod(this, &ProcessWatch::notice, Qt::QueuedConnection);
        return;
    }
    m_notifier = std::make_unique<QSocketNotifier>(m_descriptor, QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &ProcessWatch::notice);
}

ProcessWatch::~ProcessWatch()
{
    m_notifier.reset();
    if (m_descriptor >= 0) {
        close(m_descriptor);
    }
}

void ProcessWatch::notice()
{
    if (m_hasEnded) {
        return;
    }
    m_hasEnded = true;
    if (m_notifier) {
        m_notifier->setEnabled(false);
    }
    waitpid(m_pid, nullptr, WNOHANG);
    emit ended();
}

} // namespace farcell
