#include "app/cli/runcommand.h"

#include "app/cli/endpointoption.h"
#include "core/base/onfinished.h"
#include "core/nbformat/notebookfile.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>
#include <QUuid>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <unistd.h>
#include <utility>
#include <vector>

namespace farcell {

namespace {

using namespace std::chrono_literals;
using Phase = CellRunState::Phase;

constexpr std::chrono::milliseconds connectPatience = 120s;
constexpr std::chrono::milliseconds stopPatience = 10s;
constexpr std::chrono::milliseconds handOverInterval = 200ms;

QString withoutEscapes(QString text)
{
    static const QRegularExpression escape(QStringLiteral("\x1b\\[[0-9;?]*[ -/]*[@-~]"));
    return text.remove(escape);
}

bool hasTag(const Cell &cell, const char *tag)
{
    if (!cell.metadata.text().contains(tag))
        return false;
    const auto metadata = cell.metadata.toJson();
    const auto tags = metadata.is_object() ? metadata.find("tags") : metadata.end();
    return tags != metadata.end() && tags->is_array() &&
           std::find(tags->begin(), tags->end(), tag) != tags->end();
}

QString wordFor(Phase phase, bool ok)
{
    if (ok)
        return RunCommand::tr("done");
    switch (phase) {
    case Phase::Interrupted:
        return RunCommand::tr("interrupted");
    case Phase::Aborted:
        return RunCommand::tr("not finished");
    default:
        return RunCommand::tr("failed");
    }
}

} // namespace

RunCommand::RunCommand(RunOptions options, QObject *parent)
    : QObject(parent)
    , m_options(std::move(options))
{
    connect(&m_signals, &SignalWatcher::caught, this, &RunCommand::handleSignal);
    m_cellTimer.setSingleShot(true);
    connect(&m_cellTimer, &QTimer::timeout, this, &RunCommand::handleTimeout);
    m_connectionTimer.setSingleShot(true);
    connect(&m_connectionTimer, &QTimer::timeout, this, [this] {
        fail(m_hasStarted ? ExitCode::Failed : ExitCode::NoRuntime,
             tr("The kernel cannot be reached any more"));
    });
    m_release.setSingleShot(true);
    connect(&m_release, &QTimer::timeout, this, &RunCommand::release);
    m_stopTimer.setSingleShot(true);
    connect(&m_stopTimer, &QTimer::timeout, this, [this] {
        m_session->setConnection(nullptr); // the kernel does not listen; it ends with the session
    });
}

RunCommand::~RunCommand() = default;

void RunCommand::start()
{
    if (const auto read = readInput(); !read)
        return fail(ExitCode::Failed, read.error().message);
    if (const auto writable = checkOutput(); !writable)
        return fail(ExitCode::Failed, writable.error().message);
    if (m_options.runtime.isEmpty())
        return startEmbedded();
    if (const auto endpoint =
            endpointFromOptions(m_options.runtime, m_options.tokenFile, m_options.fingerprint))
        connectTo(*endpoint);
    else
        fail(ExitCode::NoRuntime, endpoint.error().message);
}

Result<> RunCommand::readInput()
{
    auto loaded = readNotebookFile(m_options.input);
    if (!loaded)
        return tl::unexpected(loaded.error());
    NotebookContent content = std::move(loaded->content);
    if (content.convertedFromV3) {
        upgradeToV4(content);
        m_progress.say(tr("%1 is written in notebook format 3; the output will be in format 4")
                           .arg(m_options.input));
    }
    m_document.setContent(std::move(content));
    return {};
}

// Found out before the cells run for hours.
Result<> RunCommand::checkOutput() const
{
    if (m_options.detach)
        return {}; // writes nothing
    const QFileInfo file(m_options.output);
    const QFileInfo folder(file.absolutePath());
    if (file.isDir())
        return farcell::fail(ErrorCode::InvalidData, tr("%1 is a folder").arg(m_options.output));
    if (!folder.isDir())
        return farcell::fail(ErrorCode::NotFound,
                             tr("There is no folder %1 to write into").arg(folder.filePath()));
    if (!folder.isWritable())
        return farcell::fail(ErrorCode::Denied,
                             tr("The folder %1 cannot be written into").arg(folder.filePath()));
    return {};
}

void RunCommand::startEmbedded()
{
    EmbeddedRuntime::Options options;
    options.root = QFileInfo(m_options.input).absolutePath();
    options.ephemeral = true;
    m_embedded = std::make_unique<EmbeddedRuntime>(options);
    connect(m_embedded.get(), &EmbeddedRuntime::ended, this, [this](const QString &why) {
        fail(m_hasStarted ? ExitCode::Failed : ExitCode::NoRuntime, why);
    });
    onFinished(m_embedded->start(), this, [this](const Result<Endpoint> &endpoint) {
        if (endpoint)
            connectTo(*endpoint);
        else
            fail(ExitCode::NoRuntime, endpoint.error().message);
    });
}

void RunCommand::connectTo(const Endpoint &endpoint)
{
    if (m_isEnding)
        return;
    m_client = std::make_unique<RuntimeClient>(endpoint);
    onFinished(m_client->probe(), this, [this](const Result<ServerInfo> &info) {
        if (m_isEnding)
            return;
        if (!info)
            return fail(ExitCode::NoRuntime, withAdvice(info.error()));
        onFinished(m_client->kernelSpecs(), this, [this](const Result<RemoteKernelSpecs> &specs) {
            if (m_isEnding)
                return;
            if (specs)
                chooseKernel(*specs);
            else
                fail(ExitCode::NoRuntime, specs.error().message);
        });
    });
}

void RunCommand::chooseKernel(const RemoteKernelSpecs &specs)
{
    const QString wanted = m_options.kernel.isEmpty() ? m_document.kernelName() : m_options.kernel;
    QStringList names;
    for (const RemoteKernelSpec &spec : specs.specs)
        names << spec.name;
    if (names.isEmpty())
        return fail(ExitCode::NoRuntime, tr("The runtime has no kernels installed"));
    if (!wanted.isEmpty() && names.contains(wanted, Qt::CaseInsensitive))
        return startSession(wanted);
    if (!wanted.isEmpty())
        return fail(ExitCode::NoRuntime,
                    tr("The runtime has no kernel “%1”; it has: %2; choose one with --kernel")
                        .arg(wanted, names.join(QStringLiteral(", "))));

    // A notebook that names no kernel may still tell its language.
    const QString language = m_document.language();
    const auto fits = [&](const RemoteKernelSpec &spec) {
        return spec.language.compare(language, Qt::CaseInsensitive) == 0;
    };
    const auto standard =
        std::find_if(specs.specs.begin(), specs.specs.end(), [&](const RemoteKernelSpec &spec) {
            return spec.name == specs.defaultName && fits(spec);
        });
    const auto any = std::find_if(specs.specs.begin(), specs.specs.end(), fits);
    if (standard != specs.specs.end())
        startSession(standard->name);
    else
        startSession(any != specs.specs.end() ? any->name : specs.defaultName);
}

void RunCommand::startSession(const QString &kernelName)
{
    const QString name = QFileInfo(m_options.input).fileName();
    // On a server the path is one nobody uses, so that no running session is taken over.
    const QString path = m_embedded ? name
                                    : QStringLiteral("farcell-run-%1.ipynb")
                                          .arg(QUuid::createUuid().toString(QUuid::Id128));
    onFinished(m_client->startSession(path, name, kernelName), this,
               [this](const Result<RemoteSession> &session) {
                   if (session) {
                       m_sessionId = session->id;
                       m_kernelId = session->kernel.id;
                   }
                   if (m_isEnding)
                       return endSession(ExitCode::Failed); // a signal came meanwhile
                   if (session)
                       openKernel(*session);
                   else
                       fail(ExitCode::NoRuntime, session.error().message);
               });
}

void RunCommand::openKernel(const RemoteSession &session)
{
    m_connection.reset(m_client->connectKernel(session.kernel.id, session.kernel.name));
    m_session = std::make_unique<NotebookSession>(m_document);
    m_session->setAllowStdin(false);
    connect(m_connection.get(), &KernelConnection::failed, this, [this](const Error &error) {
        fail(m_hasStarted ? ExitCode::Failed : ExitCode::NoRuntime, error.message);
    });
    connect(m_connection.get(), &KernelConnection::executionStateChanged, this,
            &RunCommand::handleKernelState);
    connect(m_connection.get(), &KernelConnection::stateChanged, this,
            &RunCommand::handleConnectionState);
    connect(m_session.get(), &NotebookSession::runStateChanged, this, &RunCommand::handleRunState);
    connect(m_session.get(), &NotebookSession::cellFinished, this, &RunCommand::handleCellFinished);
    connect(m_session.get(), &NotebookSession::queueFinished, this,
            &RunCommand::handleQueueFinished);
    connect(m_connection.get(), &KernelConnection::infoReceived, this, &RunCommand::runCells);
    m_connectionTimer.start(connectPatience);
    m_session->setConnection(m_connection.get());
}

// Not before the kernel has answered: the time it takes to start is not the first cell's.
void RunCommand::runCells()
{
    m_connectionTimer.stop();
    if (m_isEnding || std::exchange(m_hasStarted, true))
        return;
    std::vector<CellId> cells;
    for (int i = 0; i < m_document.cellCount(); ++i) {
        const Cell &cell = m_document.cellAt(i);
        if (cell.kind == CellKind::Code && !hasTag(cell, "skip-execution"))
            cells.push_back(cell.id);
    }
    if (cells.empty())
        return wrapUp(ExitCode::Done);
    m_progress.begin(static_cast<int>(cells.size()));
    m_session->run(cells, m_options.allowErrors ? NotebookSession::OnError::Continue
                                                : NotebookSession::OnError::Stop);
    if (m_options.detach)
        checkHandedOver();
}

// Leaves once the runtime has every cell in its queue, or has run it already.
void RunCommand::checkHandedOver()
{
    if (m_isEnding)
        return;
    onFinished(
        m_connection->openExecutions(), this, [this](const std::optional<QList<MsgId>> &known) {
            if (m_isEnding)
                return;
            if (!known && m_connection->state() == KernelConnection::State::Connected)
                return fail(
                    ExitCode::NoRuntime,
                    tr("The server at %1 keeps no queue of its own; --detach needs farcelld")
                        .arg(m_client->endpoint().url.host()));
            const int open =
                m_session->queueLength() + (m_session->runningCell().isEmpty() ? 0 : 1);
            if (!known || known->size() < open) {
                QTimer::singleShot(handOverInterval, this, &RunCommand::checkHandedOver);
                return;
            }
            std::printf("%s\n", qPrintable(m_kernelId.toString()));
            std::fflush(stdout);
            m_progress.say(tr("The run goes on without farcell; see it with: farcell attach %1 %2")
                               .arg(m_client->endpoint().url.toString(), m_kernelId.toString()));
            m_sessionId = {}; // not ours to end any more
            wrapUp(ExitCode::Done);
        });
}

void RunCommand::handleRunState(const CellId &id)
{
    if (m_session->runState(id).phase != Phase::Running)
        return;
    m_progress.cellStarted(cellNumber(id));
    if (m_options.cellTimeout.count() > 0)
        m_cellTimer.start(m_options.cellTimeout);
}

void RunCommand::handleCellFinished(const CellId &id, bool ok)
{
    m_cellTimer.stop();
    const CellRunState state = m_session->runState(id);
    m_progress.cellFinished(cellNumber(id), wordFor(state.phase, ok), state.elapsed);
    if (ok)
        return;
    m_hasFailedCell = true;
    if (m_trouble.isEmpty() && !m_options.allowErrors)
        reportError(id);
}

// The traceback as the kernel wrote it; colours only where they can be shown.
void RunCommand::reportError(const CellId &id)
{
    const Cell *const cell = m_document.findCell(id);
    if (cell == nullptr)
        return;
    for (const Output &output : cell->outputs.items()) {
        if (output.kind != OutputKind::Error)
            continue;
        const QString headline = output.errorName + QStringLiteral(": ") + output.errorValue;
        QString text = tr("Cell %1 failed: %2").arg(cellNumber(id)).arg(headline) + u'\n' +
                       output.traceback.join(u'\n');
        if (::isatty(STDERR_FILENO) == 0)
            text = withoutEscapes(text);
        m_progress.say(text);
        return;
    }
    m_progress.say(tr("Cell %1 failed").arg(cellNumber(id)));
}

void RunCommand::handleKernelState(const QString &state)
{
    const bool died = state == QLatin1String("dead") || state == QLatin1String("restarting");
    if (!died || m_isEnding || !m_trouble.isEmpty())
        return;
    if (!m_hasStarted) {
        if (state == QLatin1String("dead"))
            fail(ExitCode::NoRuntime, tr("The kernel died before it could run anything"));
        return;
    }
    const int cell = cellNumber(m_session->runningCell());
    const QString reason = m_connection->deathReason();
    if (reason.isEmpty())
        m_trouble = tr("The kernel died while cell %1 was running").arg(cell);
    else
        m_trouble = tr("Cell %1: %2").arg(cell).arg(reason);
}

void RunCommand::handleConnectionState(KernelConnection::State state)
{
    if (state == KernelConnection::State::Connected && m_hasStarted)
        m_connectionTimer.stop();
    else if (state == KernelConnection::State::Reconnecting)
        m_connectionTimer.start(connectPatience);
}

void RunCommand::handleTimeout()
{
    m_trouble = tr("Cell %1 took longer than %2 s")
                    .arg(cellNumber(m_session->runningCell()))
                    .arg(static_cast<double>(m_options.cellTimeout.count()) / 1000);
    interruptKernel();
}

void RunCommand::handleSignal()
{
    const bool isRunning = m_session && m_session->isBusy() && !m_isEnding;
    if (!isRunning)
        return fail(ExitCode::Failed, tr("Interrupted"));
    if (m_isStopping) { // asked twice: do not wait for the kernel
        m_session->setConnection(nullptr);
        return;
    }
    m_trouble = tr("Interrupted");
    interruptKernel();
}

void RunCommand::interruptKernel()
{
    m_isStopping = true;
    m_hasFailedCell = true;
    m_session->clearQueue();
    m_client->interruptKernel(m_kernelId);
    m_stopTimer.start(stopPatience);
}

void RunCommand::handleQueueFinished(bool ok)
{
    m_cellTimer.stop();
    if (m_isEnding)
        return;
    if (!m_trouble.isEmpty())
        return fail(ExitCode::Failed, std::exchange(m_trouble, {}));
    const bool stoppedByError = !ok || (m_hasFailedCell && !m_options.allowErrors);
    wrapUp(stoppedByError ? ExitCode::Failed : ExitCode::Done);
}

void RunCommand::fail(ExitCode code, const QString &message)
{
    if (m_isEnding)
        return;
    m_progress.end();
    m_progress.say(QStringLiteral("farcell: ") + message);
    wrapUp(code);
}

// What ran is written first: nothing that fails later can cost it.
void RunCommand::wrapUp(ExitCode code)
{
    if (std::exchange(m_isEnding, true))
        return;
    m_progress.end();
    m_connectionTimer.stop();
    m_stopTimer.stop();
    if (m_session) {
        m_session->setConnection(nullptr);
        if (code != ExitCode::NoRuntime && !m_options.detach && !writeOutput())
            code = ExitCode::Failed;
    }
    endSession(code);
}

void RunCommand::endSession(ExitCode code)
{
    m_exitCode = code;
    // The client is never deleted from one of its own callbacks.
    if (!m_client || m_sessionId.isEmpty())
        m_release.start();
    else
        onFinished(m_client->deleteSession(std::exchange(m_sessionId, {})), this,
                   [this](const Result<> &) { m_release.start(); });
}

void RunCommand::release()
{
    m_session.reset();
    m_connection.reset();
    m_client.reset();
    m_embedded.reset(); // returns when it is gone
    emit finished(m_exitCode);
}

bool RunCommand::writeOutput()
{
    const QByteArray bytes = writeNotebook(m_document.content());
    const auto saved = saveNotebookFile(m_options.output, bytes);
    if (!saved)
        m_progress.say(QStringLiteral("farcell: ") + saved.error().message);
    return saved.has_value();
}

int RunCommand::cellNumber(const CellId &id) const
{
    return m_document.indexOf(id) + 1;
}

} // namespace farcell
