#include "core/client/embeddedruntime.h"

#include "core/api/farcellapi.h"
#include "core/client/runtimeclient.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QPromise>
#include <QRandomGenerator>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTimer>

#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

namespace farcell {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds startTimeout = 20s;
constexpr std::chrono::milliseconds endTimeout = 8s; // farcelld ends its kernels within 7 s
constexpr std::chrono::milliseconds forceTimeout = 2s;
constexpr qsizetype keptErrorBytes = 4000;

QString newToken()
{
    std::array<quint32, 8> random{};
    QRandomGenerator::system()->fillRange(random.data(), random.size());
    return QString::fromLatin1(
        QByteArray(reinterpret_cast<const char *>(random.data()), sizeof random).toHex());
}

QString programPath()
{
    const QString name = QStringLiteral("farcelld");
    const QFileInfo beside(QDir(QCoreApplication::applicationDirPath()).filePath(name));
    if (beside.isFile() && beside.isExecutable())
        return beside.absoluteFilePath();
    return QStandardPaths::findExecutable(name);
}

// Ends by itself: its stdin is closed, and force follows. Nobody waits for it.
void leaveToEnd(std::unique_ptr<QProcess> process)
{
    if (!process || process->state() == QProcess::NotRunning)
        return;
    QProcess *left = process.release();
    left->setParent(QCoreApplication::instance());
    QObject::connect(left, &QProcess::finished, left, &QObject::deleteLater);
    left->closeWriteChannel();
    QTimer::singleShot(endTimeout, left, &QProcess::terminate);
    QTimer::singleShot(endTimeout + forceTimeout, left, &QProcess::kill);
}

QString userStateDirectory()
{
    const QString given = qEnvironmentVariable("XDG_STATE_HOME");
    const QString base =
        QDir::isAbsolutePath(given) ? given : QDir::homePath() + QStringLiteral("/.local/state");
    return base + QStringLiteral("/farcell");
}

} // namespace

class EmbeddedRuntime::Private : public QObject
{
public:
    Private(EmbeddedRuntime *runtime, Options chosen)
        : q(runtime)
        , options(std::move(chosen))
    {
        patience.setSingleShot(true);
        patience.setInterval(startTimeout);
        connect(&patience, &QTimer::timeout, this, [this] {
            giveUp(ErrorCode::Timeout, EmbeddedRuntime::tr("The runtime did not start in time"));
        });
    }

    Result<> launch();
    void makeProcess();
    Result<> writeToken();
    void readLines();
    void handleFinished();
    void giveUp(ErrorCode code, const QString &message);
    void answer(Result<Endpoint> result);
    void stop();

    EmbeddedRuntime *q;
    Options options;
    std::unique_ptr<QProcess> process;
    QTimer patience;
    QTemporaryDir secrets; // 0700; holds the token file, and the state of an ephemeral runtime
    QString token;
    QByteArray errorText;
    std::unique_ptr<QPromise<Result<Endpoint>>> promise;
    QFuture<Result<Endpoint>> future;
    bool isRunning = false;
    bool isStopping = false;
};

Result<> EmbeddedRuntime::Private::writeToken()
{
    if (!secrets.isValid())
        return fail(ErrorCode::Internal,
                    EmbeddedRuntime::tr("No private temporary folder could be made"),
                    secrets.errorString());
    token = newToken();
    QFile file(secrets.filePath(QStringLiteral("token")));
    file.remove(); // of an earlier start
    // The mode is given at creation: the file is never readable by others, not even for a moment.
    if (!file.open(QIODevice::WriteOnly | QIODevice::NewOnly,
                   QFile::ReadOwner | QFile::WriteOwner) ||
        file.write(token.toLatin1()) < 0 || !file.flush())
        return fail(ErrorCode::Internal, EmbeddedRuntime::tr("The token could not be written"),
                    file.errorString());
    return {};
}

void EmbeddedRuntime::Private::makeProcess()
{
    if (process)
        disconnect(process.get(), nullptr, this, nullptr);
    leaveToEnd(std::move(process)); // of an earlier, failed start
    process = std::make_unique<QProcess>();
    connect(process.get(), &QProcess::readyReadStandardOutput, this, &Private::readLines);
    connect(process.get(), &QProcess::readyReadStandardError, this, [this] {
        errorText += process->readAllStandardError();
        errorText = errorText.right(keptErrorBytes);
    });
    connect(process.get(), &QProcess::finished, this, &Private::handleFinished);
    connect(process.get(), &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            giveUp(ErrorCode::Unavailable, EmbeddedRuntime::tr("farcelld could not be started: %1")
                                               .arg(process->errorString()));
    });
    // Its own process group: Ctrl+C on our terminal is for us to pass on.
    process->setChildProcessModifier([] { ::setpgid(0, 0); });
}

Result<> EmbeddedRuntime::Private::launch()
{
    const QString program = programPath();
    if (program.isEmpty())
        return fail(ErrorCode::NotFound,
                    EmbeddedRuntime::tr("farcelld was not found beside this program or on PATH"));
    if (auto written = writeToken(); !written)
        return written;
    makeProcess();
    isStopping = false;
    QString state = options.stateDirectory;
    if (state.isEmpty())
        state =
            options.ephemeral ? secrets.filePath(QStringLiteral("state")) : userStateDirectory();
    if (!QDir().mkpath(state))
        return fail(ErrorCode::Internal,
                    EmbeddedRuntime::tr("The folder %1 could not be made").arg(state));
    QFile::setPermissions(state, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);

    QStringList arguments{QStringLiteral("serve"),
                          QStringLiteral("--listen"),
                          QStringLiteral("127.0.0.1:0"),
                          QStringLiteral("--root"),
                          options.root,
                          QStringLiteral("--state-dir"),
                          state,
                          QStringLiteral("--token-file"),
                          secrets.filePath(QStringLiteral("token")),
                          QStringLiteral("--exit-with-stdin")};
    if (options.ephemeral)
        arguments << QStringLiteral("--kernels-end-with-server") << QStringLiteral("--no-prewarm");
    process->start(program, arguments);
    patience.start();
    return {};
}

void EmbeddedRuntime::Private::readLines()
{
    while (process->canReadLine()) {
        const QString line = QString::fromUtf8(process->readLine()).trimmed();
        if (isRunning || !line.startsWith(api::readyLine))
            continue;
        const QUrl url(line.mid(api::readyLine.size()).trimmed());
        if (!url.isValid() || url.host().isEmpty())
            return giveUp(ErrorCode::Internal,
                          EmbeddedRuntime::tr("farcelld said an address that is none"));
        isRunning = true;
        answer(Endpoint{url, token});
    }
}

void EmbeddedRuntime::Private::handleFinished()
{
    const QString last = QString::fromUtf8(errorText).trimmed().section(u'\n', -1).left(400);
    const QString why = last.isEmpty() ? EmbeddedRuntime::tr("The runtime has ended unexpectedly")
                                       : EmbeddedRuntime::tr("The runtime has ended: %1").arg(last);
    if (promise)
        return giveUp(ErrorCode::Unavailable, why);
    if (std::exchange(isRunning, false) && !isStopping)
        emit q->ended(why);
}

void EmbeddedRuntime::Private::giveUp(ErrorCode code, const QString &message)
{
    answer(fail(code, message, QString::fromUtf8(errorText)));
    isStopping = true;
    if (process && process->state() != QProcess::NotRunning) {
        process->closeWriteChannel();
        process->terminate(); // not waited for: this is the GUI thread
    }
}

void EmbeddedRuntime::Private::answer(Result<Endpoint> result)
{
    patience.stop();
    if (const auto waiting = std::exchange(promise, nullptr)) {
        waiting->addResult(std::move(result));
        waiting->finish();
    }
}

// Its stdin ends first, which it takes as the wish to end; force only for what does not listen.
void EmbeddedRuntime::Private::stop()
{
    isStopping = true;
    if (!process || process->state() == QProcess::NotRunning)
        return;
    process->closeWriteChannel();
    if (process->waitForFinished(int(endTimeout.count())))
        return;
    process->terminate();
    if (process->waitForFinished(int(forceTimeout.count())))
        return;
    process->kill();
    process->waitForFinished(int(forceTimeout.count()));
}

EmbeddedRuntime::EmbeddedRuntime(Options options, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>(this, std::move(options)))
{}

EmbeddedRuntime::~EmbeddedRuntime()
{
    d->answer(fail(ErrorCode::Cancelled, tr("The runtime was stopped")));
    d->stop();
}

QFuture<Result<Endpoint>> EmbeddedRuntime::start()
{
    if (d->promise || d->isRunning)
        return d->future;
    d->promise = std::make_unique<QPromise<Result<Endpoint>>>();
    d->promise->start();
    d->future = d->promise->future();
    d->errorText.clear();
    if (const auto launched = d->launch(); !launched)
        d->answer(tl::unexpected(launched.error()));
    return d->future;
}

} // namespace farcell
