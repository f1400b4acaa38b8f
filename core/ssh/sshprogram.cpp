#include "core/ssh/sshprogram.h"

#include <QFile>
#include <QFileInfo>

#include <csignal>
#include <utility>

#include <sys/prctl.h>
#include <unistd.h>

namespace farcell {

namespace {

constexpr int watchMs = 40;
constexpr qsizetype keptErrorBytes = 16LL * 1024;
constexpr qint64 chunkBytes = 128LL * 1024;
constexpr QByteArrayView mark("farcell:");

QByteArray scriptFile(const QString &name)
{
    QFile file(QStringLiteral(":/farcell/ssh/scripts/%1.sh").arg(name));
    [[maybe_unused]] const bool isOpen = file.open(QIODevice::ReadOnly);
    Q_ASSERT(isOpen);
    return file.readAll();
}

QByteArray quoted(const QString &text)
{
    return '\'' + text.toUtf8().replace("'", "'\\''") + '\'';
}

} // namespace

RemoteRun::RemoteRun(QProcess *process, const QString &name, const Variables &variables,
                     std::unique_ptr<QFile> stream, QObject *parent)
    : QObject(parent)
    , m_process(process)
    , m_stream(std::move(stream))
{
    QByteArray script = scriptFile(QStringLiteral("common"));
    for (const auto &[key, text] : variables)
        script += key.toLatin1() + '=' + quoted(text) + '\n';
    script += scriptFile(name);
    m_scriptBytes = script.size();

    m_process->setParent(this);
    connect(m_process, &QProcess::readyReadStandardOutput, this, &RemoteRun::readLines);
    connect(m_process, &QProcess::readyReadStandardError, this,
            [this] { m_other += m_process->readAllStandardError(); });
    connect(m_process, &QProcess::bytesWritten, this, [this](qint64 bytes) {
        m_written += bytes;
        if (m_stream && m_written > m_scriptBytes)
            emit streamed(m_written - m_scriptBytes);
        feed();
    });
    connect(m_process, &QProcess::finished, this, [this](int code) {
        readLines();
        m_other += m_process->readAllStandardError();
        m_wasCut = code == 255; // ssh itself; other numbers are those of the script
        emit done();
    });
    connect(m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error != QProcess::FailedToStart)
            return;
        m_wasCut = true;
        emit done();
    });
    // Any log-in shell understands this line; the script is read from standard input to the byte,
    // so that what follows it there is left for the script.
    QStringList arguments = m_process->arguments();
    arguments << QStringLiteral("exec /bin/sh -c 'eval \"$(dd bs=1 count=%1 2>/dev/null)\"'")
                     .arg(m_scriptBytes);
    m_process->setArguments(arguments);
    m_process->start();
    m_process->write(script);
    if (!m_stream)
        m_process->closeWriteChannel();
}

RemoteRun::~RemoteRun()
{
    m_process->disconnect(this);
}

void RemoteRun::readLines()
{
    while (m_process->canReadLine()) {
        const QByteArray line = m_process->readLine().trimmed();
        const qsizetype equals = line.indexOf('=');
        if (!line.startsWith(mark) || equals < 0) {
            m_other += line + '\n';
            continue;
        }
        const QString key = QString::fromLatin1(line.mid(mark.size(), equals - mark.size()));
        m_values.insert(key, QString::fromUtf8(line.mid(equals + 1)));
        emit said(key);
        if (key == QLatin1String("ready") && m_stream) {
            m_isFeeding = true;
            feed();
        }
    }
}

void RemoteRun::feed()
{
    if (!m_isFeeding || m_process->bytesToWrite() > chunkBytes)
        return;
    const QByteArray chunk = m_stream->read(chunkBytes);
    if (!chunk.isEmpty()) {
        m_process->write(chunk);
        return;
    }
    m_isFeeding = false;
    m_process->closeWriteChannel();
}

QString RemoteRun::otherOutput() const
{
    return QString::fromUtf8(m_other.right(keptErrorBytes)).trimmed();
}

SshMaster::SshMaster(SshTarget target, SshProgram program, QString controlPath, QObject *parent)
    : QObject(parent)
    , m_target(std::move(target))
    , m_program(std::move(program))
    , m_controlPath(std::move(controlPath))
{
    m_watch.setInterval(watchMs);
    connect(&m_watch, &QTimer::timeout, this, [this] {
        if (!QFileInfo::exists(m_controlPath))
            return;
        m_watch.stop();
        m_isUp = true;
        emit up();
    });
    connect(&m_process, &QProcess::readyReadStandardError, this, [this] {
        m_errorText += m_process.readAllStandardError();
        m_errorText = m_errorText.right(keptErrorBytes);
    });
    const auto end = [this] {
        m_watch.stop();
        m_errorText += m_process.readAllStandardError();
        m_isUp = false;
        if (!std::exchange(m_hasEnded, true))
            emit ended();
    };
    connect(&m_process, &QProcess::finished, this, end);
    connect(&m_process, &QProcess::errorOccurred, this, [this, end](QProcess::ProcessError error) {
        if (error != QProcess::FailedToStart)
            return;
        m_errorText = "ssh: not found: " + m_process.errorString().toUtf8();
        end();
    });
}

SshMaster::~SshMaster()
{
    m_hasEnded = true;
    m_process.disconnect(this);
    if (m_process.state() != QProcess::NotRunning) {
        m_process.kill(); // asked nicely it would wait for its sessions
        m_process.waitForFinished(2000);
    }
}

QStringList SshMaster::baseArguments() const
{
    QStringList arguments;
    if (!m_program.configFile.isEmpty())
        arguments << QStringLiteral("-F") << m_program.configFile;
    arguments << QStringLiteral("-S") << m_controlPath << QStringLiteral("-T")
              << QStringLiteral("-a") << QStringLiteral("-x");
    // What a configuration may ask for in a terminal and what would be in our way.
    for (const char *option : {"RemoteCommand=none", "PermitLocalCommand=no", "LogLevel=INFO"})
        arguments << QStringLiteral("-o") << QString::fromLatin1(option);
    return arguments;
}

void SshMaster::start()
{
    QFile::remove(m_controlPath);
    QStringList arguments = baseArguments();
    arguments << QStringLiteral("-N");
    for (const char *option :
         {"ControlMaster=yes", "ControlPersist=no", "ClearAllForwardings=yes",
          "StreamLocalBindUnlink=yes", "ConnectTimeout=20", "ServerAliveInterval=10",
          "ServerAliveCountMax=3", "TCPKeepAlive=yes"})
        arguments << QStringLiteral("-o") << QString::fromLatin1(option);
    m_process.setProgram(m_program.path);
    m_process.setArguments(arguments + m_target.arguments());
    m_process.setProcessEnvironment(m_program.environment);
    m_process.setStandardInputFile(QProcess::nullDevice());
    m_process.setStandardOutputFile(QProcess::nullDevice());
    // A session of its own: no terminal to ask in, and Ctrl+C on ours is not for it.
    m_process.setChildProcessModifier([] {
        ::setsid();
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    });
    m_process.start();
    m_watch.start();
}

QProcess *SshMaster::client(QObject *parent)
{
    auto *const process = new QProcess(parent);
    process->setProgram(m_program.path);
    process->setArguments(baseArguments()
                          << QStringLiteral("-o") << QStringLiteral("ControlMaster=no")
                          << QStringLiteral("-o")
                          << QStringLiteral("BatchMode=yes")
                          // Never a second connection of its own.
                          << QStringLiteral("-o") << QStringLiteral("ProxyCommand=false"));
    return process;
}

RemoteRun *SshMaster::run(const QString &script, const RemoteRun::Variables &variables,
                          std::unique_ptr<QFile> stream)
{
    QProcess *const process = client(nullptr);
    process->setArguments(process->arguments() + m_target.arguments());
    return new RemoteRun(process, script, variables, std::move(stream), this);
}

void SshMaster::forward(const QString &local, const QString &remote,
                        std::function<void(bool, const QString &)> done)
{
    QFile::remove(local); // an ended ssh leaves it behind
    QProcess *const process = client(this);
    process->setArguments(process->arguments() << QStringLiteral("-O") << QStringLiteral("forward")
                                               << QStringLiteral("-L") << local + u':' + remote);
    process->setArguments(process->arguments() + m_target.arguments());
    connect(process, &QProcess::finished, this, [process, done = std::move(done)](int code) {
        process->deleteLater();
        done(code == 0, QString::fromUtf8(process->readAllStandardError()).trimmed());
    });
    process->start();
}

} // namespace farcell
