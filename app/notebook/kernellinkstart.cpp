// The part of KernelLink that gets to a kernel: a new one, the one that a run was left on, or one
// that somebody else has started.

#include "app/notebook/kernellink.h"

#include "app/notebook/runtimehub.h"
#include "core/base/onfinished.h"
#include "core/client/kernelcontrol.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"

#include <algorithm>
#include <utility>

namespace farcell {

void KernelLink::begin(State state)
{
    dropConnection();
    setState(state);
    ++m_attempt;
}

void KernelLink::connectDefault()
{
    if (m_state != State::Disconnected)
        return;
    const auto run = lastRun();
    if (run && m_runtime && run->server == m_runtime->address())
        resume(*run);
    else
        startSession(m_document.kernelName());
}

void KernelLink::connectKernelSpec(const QString &name)
{
    const SessionId old = std::exchange(m_sessionId, {});
    if (!client() || old.isEmpty()) {
        startSession(name);
        return;
    }
    // A new kernel in the place of the old one, which must be gone or it would be found again.
    begin(State::Starting);
    onFinished(client()->deleteSession(old), this,
               [this, name, attempt = m_attempt](const Result<> & /*gone*/) {
                   if (attempt == m_attempt)
                       startSession(name);
               });
}

// The kernelspecs come first: a notebook's kernel may not be there, and then the one of the same
// language, or the default, takes its place.
void KernelLink::startSession(const QString &wanted)
{
    begin(State::Starting);
    if (!m_runtime)
        return;
    m_runtime->whenReady(
        this, [this, wanted, attempt = m_attempt](const Result<RuntimeClient *> &client) {
            if (attempt != m_attempt)
                return;
            if (!client) {
                giveUp(client.error());
                return;
            }
            onFinished((*client)->kernelSpecs(), this,
                       [this, wanted, attempt](const Result<RemoteKernelSpecs> &specs) {
                           if (attempt == m_attempt)
                               useSpecs(specs, wanted);
                       });
        });
}

void KernelLink::useSpecs(const Result<RemoteKernelSpecs> &specs, const QString &wanted)
{
    if (!specs) {
        giveUp(specs.error());
        return;
    }
    m_specs = *specs;
    const auto &list = m_specs.specs;
    const auto named = [&list](const QString &name) {
        return std::any_of(list.begin(), list.end(),
                           [&name](const RemoteKernelSpec &spec) { return spec.name == name; });
    };
    QString name = wanted;
    if (name.isEmpty() || !named(name)) {
        const QString language = m_document.language();
        const auto same =
            std::find_if(list.begin(), list.end(), [&language](const RemoteKernelSpec &spec) {
                return spec.language.compare(language, Qt::CaseInsensitive) == 0;
            });
        name = same != list.end() ? same->name : m_specs.defaultName;
        if (!named(name)) {
            giveUp({ErrorCode::NotFound,
                    tr("No kernel is installed on %1. Install one, for example with "
                       "“pip install ipykernel”")
                        .arg(m_runtime->name()),
                    {}});
            return;
        }
        if (!wanted.isEmpty())
            emit kernelReplaced(wanted, name);
    }
    // A kernel of this notebook may run there already: then this is a second window on it.
    onFinished(client()->sessions(), this,
               [this, name, attempt = m_attempt](const Result<QList<RemoteSession>> &sessions) {
                   if (attempt != m_attempt)
                       return;
                   for (const RemoteSession &session : sessions.value_or(QList<RemoteSession>())) {
                       if (session.path == m_path && !m_path.isEmpty()) {
                           join(session);
                           return;
                       }
                   }
                   createSession(name);
               });
}

void KernelLink::createSession(const QString &name)
{
    const auto use = [this, attempt = m_attempt](const Result<RemoteSession> &session) {
        if (attempt != m_attempt)
            return;
        useSession(session);
        if (session && !m_resources.isDefault())
            askGrant();
    };
    KernelControl *control = m_resources.isDefault() ? nullptr : m_runtime->control();
    if (control)
        onFinished(control->startSession(m_path, m_name, name, m_resources), this, use);
    else
        onFinished(client()->startSession(m_path, m_name, name), this, use);
}

void KernelLink::setResources(const api::KernelResources &resources)
{
    m_resources = resources;
}

// Limits that the machine does not permit do not keep a kernel from starting.
void KernelLink::askGrant()
{
    KernelControl *control = m_runtime ? m_runtime->control() : nullptr;
    if (!control || !m_connection)
        return;
    onFinished(control->grant(m_connection->kernelId()), this,
               [this, attempt = m_attempt](const Result<KernelGrant> &grant) {
                   if (attempt == m_attempt && grant && !grant->limitsRefused.isEmpty())
                       emit limitsRefused(grant->limitsRefused);
               });
}

void KernelLink::attach(const KernelId &kernel, const QString &kernelName)
{
    begin(State::Starting);
    if (!m_runtime)
        return;
    m_runtime->whenReady(this, [this, kernel, kernelName,
                                attempt = m_attempt](const Result<RuntimeClient *> &client) {
        if (attempt != m_attempt)
            return;
        if (!client) {
            giveUp(client.error());
            return;
        }
        onFinished((*client)->attachSession(m_path, m_name, kernel), this,
                   [this, attempt](const Result<RemoteSession> &session) {
                       if (attempt == m_attempt)
                           useSession(session);
                   });
    });
}

void KernelLink::resume(const Attachment &run)
{
    begin(State::Starting);
    if (!m_runtime)
        return;
    m_runtime->whenReady(this,
                         [this, run, attempt = m_attempt](const Result<RuntimeClient *> &client) {
                             if (attempt != m_attempt)
                                 return;
                             if (client)
                                 resumeOn(**client, run);
                             else
                                 giveUp(client.error());
                         });
}

// The titles of kernels come first, then whether this one still lives.
void KernelLink::resumeOn(RuntimeClient &client, const Attachment &run)
{
    onFinished(
        client.kernelSpecs(), this,
        [this, run, attempt = m_attempt](const Result<RemoteKernelSpecs> &specs) {
            if (attempt != m_attempt)
                return;
            if (!specs) {
                giveUp(specs.error());
                return;
            }
            m_specs = *specs;
            onFinished(
                this->client()->kernels(), this,
                [this, run, attempt](const Result<QList<RemoteKernel>> &kernels) {
                    if (attempt != m_attempt)
                        return;
                    if (!kernels) {
                        giveUp(kernels.error());
                        return;
                    }
                    const bool lives = std::any_of(
                        kernels->begin(), kernels->end(),
                        [&run](const RemoteKernel &kernel) { return kernel.id == run.kernel; });
                    if (lives) {
                        m_sessionId = run.remoteSession;
                        openConnection(run.kernel, run.kernelName, run, {run.session, run.since});
                        return;
                    }
                    if (m_store)
                        m_store->remove(m_notebook);
                    const std::vector<CellId> waiting = m_waiting;
                    setState(State::Disconnected);
                    if (!run.runs.isEmpty())
                        emit runLost();
                    if (!waiting.empty())
                        connectDefault(); // a cell was run meanwhile: it gets a new kernel
                });
        });
}

void KernelLink::findRun()
{
    if (!m_runtime || m_state != State::Disconnected || m_path.isEmpty())
        return;
    m_runtime->whenReady(this, [this](const Result<RuntimeClient *> &client) {
        if (!client)
            return; // nobody has asked for it
        onFinished(
            (*client)->sessions(), this, [this](const Result<QList<RemoteSession>> &sessions) {
                if (m_state != State::Disconnected)
                    return;
                for (const RemoteSession &session : sessions.value_or(QList<RemoteSession>())) {
                    if (session.path == m_path)
                        emit runFound(session);
                }
            });
    });
}

void KernelLink::join(const RemoteSession &session)
{
    begin(State::Starting);
    if (!client())
        return;
    onFinished(client()->kernelSpecs(), this,
               [this, session, attempt = m_attempt](const Result<RemoteKernelSpecs> &specs) {
                   if (attempt != m_attempt)
                       return;
                   m_specs = specs.value_or(m_specs);
                   m_sessionId = session.id;
                   const auto earlier = lastRunOf(session.kernel.id);
                   openConnection(session.kernel.id, session.kernel.name, earlier,
                                  earlier ? ConnectOptions{earlier->session, earlier->since}
                                          : ConnectOptions{{}, 0});
               });
}

void KernelLink::useSession(const Result<RemoteSession> &session)
{
    if (!session) {
        giveUp(session.error());
        return;
    }
    m_sessionId = session->id;
    openConnection(session->kernel.id, session->kernel.name);
}

void KernelLink::openConnection(const KernelId &id, const QString &kernelName,
                                const std::optional<Attachment> &earlier,
                                const ConnectOptions &options)
{
    m_kernelTitle = kernelName;
    for (const RemoteKernelSpec &spec : std::as_const(m_specs.specs)) {
        if (spec.name == kernelName) {
            m_kernelTitle = spec.displayName;
            m_language = spec.language;
        }
    }
    m_connection.reset(client()->connectKernel(id, kernelName, options));
    KernelConnection *connection = m_connection.get();
    connect(connection, &KernelConnection::stateChanged, this, &KernelLink::connectionStateChanged);
    connect(connection, &KernelConnection::executionStateChanged, this, &KernelLink::stateChanged);
    connect(connection, &KernelConnection::infoReceived, this, [this] {
        m_language = m_connection->info().languageName;
        emit stateChanged();
    });
    connect(connection, &KernelConnection::failed, this, &KernelLink::kernelGone);
    connect(connection, &KernelConnection::messageReceived, this, &KernelLink::takeMessage);
    connect(connection, &KernelConnection::linkChanged, this, &KernelLink::linkChanged);
    m_readsHistory = options.since && *options.since == 0;
    connect(connection, &KernelConnection::caughtUp, this, [this] {
        m_readsHistory = false;
        emit linkChanged();
    });
    connect(connection, &KernelConnection::outputsMissing, this, &KernelLink::outputsMissing);
    m_session.setConnection(connection);
    if (m_store && !m_notebook.isEmpty()) {
        Attachment base;
        base.notebook = m_notebook;
        base.server = m_runtime->address();
        base.kernel = id;
        base.kernelName = kernelName;
        base.remoteSession = m_sessionId;
        m_session.remember(m_store, earlier.value_or(base));
    }
    if (earlier)
        m_session.resume(*earlier);
    if (connection->state() == KernelConnection::State::Connected)
        connectionStateChanged(connection->state());
}

} // namespace farcell
