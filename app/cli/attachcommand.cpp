#include "app/cli/attachcommand.h"

#include "app/cli/endpointoption.h"
#include "core/base/jsonmembers.h"
#include "core/base/onfinished.h"
#include "core/client/outputmessage.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

namespace farcell {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds checkInterval = 1s;

void write(std::FILE *stream, const QString &text)
{
    const QByteArray bytes = text.toUtf8();
    std::fwrite(bytes.constData(), 1, static_cast<size_t>(bytes.size()), stream);
    std::fflush(stream);
}

void say(const QString &text)
{
    write(stderr, QStringLiteral("farcell: ") + text + u'\n');
}

} // namespace

AttachCommand::AttachCommand(AttachOptions options, QObject *parent)
    : QObject(parent)
    , m_options(std::move(options))
{
    connect(&m_signals, &SignalWatcher::caught, this, [this] { end(ExitCode::Done); });
    connect(&m_check, &QTimer::timeout, this, &AttachCommand::checkOver);
    m_check.setInterval(checkInterval);
}

AttachCommand::~AttachCommand() = default;

void AttachCommand::start()
{
    const auto endpoint =
        endpointFromOptions(m_options.runtime, m_options.tokenFile, m_options.fingerprint);
    if (!endpoint)
        return fail(ExitCode::Usage, endpoint.error().message);
    m_client = std::make_unique<RuntimeClient>(*endpoint);
    onFinished(m_client->kernels(), this, [this](const Result<QList<RemoteKernel>> &kernels) {
        if (!kernels)
            return fail(ExitCode::NoRuntime, withAdvice(kernels.error()));
        findKernel(*kernels);
    });
}

void AttachCommand::findKernel(const QList<RemoteKernel> &kernels)
{
    QList<RemoteKernel> fitting;
    for (const RemoteKernel &kernel : kernels) {
        if (kernel.id.toString().startsWith(m_options.kernel))
            fitting << kernel;
    }
    if (fitting.size() > 1)
        return fail(ExitCode::NoRuntime,
                    tr("More than one kernel's id begins with %1").arg(m_options.kernel));
    if (fitting.isEmpty())
        return findByPath(kernels);
    follow(fitting.first().id, fitting.first().name);
}

void AttachCommand::findByPath(const QList<RemoteKernel> &kernels)
{
    onFinished(
        m_client->sessions(), this, [this, kernels](const Result<QList<RemoteSession>> &sessions) {
            if (!sessions)
                return fail(ExitCode::NoRuntime, sessions.error().message);
            for (const RemoteSession &session : *sessions) {
                if (session.path == m_options.kernel || session.name == m_options.kernel)
                    return follow(session.kernel.id, session.kernel.name);
            }
            QStringList ids;
            for (const RemoteKernel &kernel : kernels)
                ids << kernel.id.toString();
            fail(ExitCode::NoRuntime,
                 ids.isEmpty() ? tr("There is no kernel %1; none is running").arg(m_options.kernel)
                               : tr("There is no kernel %1; there are: %2")
                                     .arg(m_options.kernel, ids.join(QStringLiteral(", "))));
        });
}

void AttachCommand::follow(const KernelId &id, const QString &name)
{
    m_connection.reset(m_client->connectKernel(id, name, {{}, m_options.since}));
    connect(m_connection.get(), &KernelConnection::messageReceived, this, &AttachCommand::print);
    connect(m_connection.get(), &KernelConnection::outputsMissing, this,
            [](const QString &why) { say(why); });
    connect(m_connection.get(), &KernelConnection::failed, this,
            [this](const Error &error) { fail(ExitCode::Failed, error.message); });
    connect(m_connection.get(), &KernelConnection::caughtUp, this, [this] {
        m_isCaughtUp = true;
        if (!m_options.keepFollowing)
            m_check.start();
        checkOver();
    });
}

void AttachCommand::print(const KernelMessage &message)
{
    const QString type = message.type();
    if (type == QLatin1String("stream")) {
        const bool isError = textAt(message.content, "name") == QLatin1String("stderr");
        forEachStreamPart(message, [isError](const QString &part) {
            write(isError ? stderr : stdout, part);
            return true;
        });
    } else if (type == QLatin1String("execute_result") || type == QLatin1String("display_data")) {
        const auto data = message.content.find("data");
        if (data != message.content.end() && data->is_object())
            write(stdout, textAt(*data, "text/plain") + u'\n');
    } else if (type == QLatin1String("execute_input")) {
        m_hasFailed = false;
    } else if (type == QLatin1String("error")) {
        m_hasFailed = true;
        const auto traceback = message.content.find("traceback");
        if (traceback == message.content.end() || !traceback->is_array())
            return;
        for (const auto &line : *traceback) {
            if (line.is_string())
                write(stderr, QString::fromStdString(line.get<std::string>()) + u'\n');
        }
    } else if (type == QLatin1String("status")) {
        const QString state = textAt(message.content, "execution_state");
        if (state == QLatin1String("dead") || state == QLatin1String("restarting")) {
            m_hasFailed = true;
            const QString reason = m_connection->deathReason();
            say(reason.isEmpty() ? tr("The kernel died") : reason);
        }
    }
}

void AttachCommand::checkOver()
{
    if (m_options.keepFollowing || !m_isCaughtUp || m_isEnding)
        return;
    onFinished(
        m_connection->openExecutions(), this, [this](const std::optional<QList<MsgId>> &known) {
            if (m_isEnding || !known || !known->isEmpty())
                return;
            // What it still said is on its way: one more look, with everything read until then.
            onFinished(
                m_client->kernels(), this, [this](const Result<QList<RemoteKernel>> &kernels) {
                    if (m_isEnding || !kernels)
                        return;
                    const bool isBusy = std::any_of(
                        kernels->begin(), kernels->end(), [this](const RemoteKernel &kernel) {
                            return kernel.id == m_connection->kernelId() &&
                                   kernel.executionState == QLatin1String("busy");
                        });
                    if (!isBusy)
                        QTimer::singleShot(checkInterval, this, [this] {
                            end(m_hasFailed ? ExitCode::Failed : ExitCode::Done);
                        });
                });
        });
}

void AttachCommand::fail(ExitCode code, const QString &message)
{
    if (m_isEnding)
        return;
    say(message);
    end(code);
}

void AttachCommand::end(ExitCode code)
{
    if (std::exchange(m_isEnding, true))
        return;
    m_check.stop();
    if (m_connection && m_connection->lastSequence() > 0)
        say(tr("read up to message %1; go on from there with --since %1")
                .arg(m_connection->lastSequence()));
    // The client is never deleted from one of its own callbacks.
    QTimer::singleShot(0, this, [this, code] {
        m_connection.reset();
        m_client.reset();
        emit finished(code);
    });
}

} // namespace farcell
