#include "app/notebook/runtimehub.h"

#include "core/base/onfinished.h"
#include "core/client/embeddedruntime.h"
#include "core/client/kernelcontrol.h"
#include "core/ssh/sshlink.h"

#include <QDir>
#include <QFileInfo>
#include <QFuture>

#include <algorithm>
#include <utility>

namespace farcell {

Runtime::Runtime(QObject *parent)
    : QObject(parent)
    , m_local(true)
{}

Runtime::Runtime(const Endpoint &endpoint, QString name, QObject *parent)
    : QObject(parent)
    , m_local(false)
    , m_name(std::move(name))
    , m_client(std::make_unique<RuntimeClient>(endpoint))
    , m_control(std::make_unique<KernelControl>(endpoint))
{}

Runtime::Runtime(const SshTarget &target, QObject *parent)
    : QObject(parent)
    , m_local(false)
    , m_name(target.text())
    , m_link(std::make_unique<SshLink>(target, SshLink::Options()))
{
    connect(m_link.get(), &SshLink::stateChanged, this, &Runtime::followLink);
}

Runtime::~Runtime()
{
    m_waiting.clear();
    m_embedded.reset(); // answers what still waits for it, so the rest of us must be there
}

QString Runtime::name() const
{
    return m_local ? tr("This computer") : m_name;
}

QUrl Runtime::url() const
{
    if (m_link)
        return {QStringLiteral("ssh:") + m_link->target().text()};
    return m_client ? m_client->endpoint().url : QUrl();
}

QUrl Runtime::address() const
{
    return m_local ? QUrl(QStringLiteral("farcell:this-computer")) : url();
}

QString Runtime::pathOfLocalFile(const QString &path) const
{
    if (!m_local || path.isEmpty())
        return {};
    return QFileInfo(path).absoluteFilePath().mid(1); // its root is "/"
}

void Runtime::whenReady(QObject *context, Ready ready)
{
    if (m_client) {
        ready(m_client.get());
        return;
    }
    m_waiting.emplace_back(context, std::move(ready));
    if (!m_starting)
        start();
}

// The link is opened by us or by the connect dialog, and comes back by itself when it drops.
void Runtime::followLink()
{
    if (m_link->state() == SshLink::State::Ready && m_client) {
        emit reachable();
    } else if (m_link->state() == SshLink::State::Ready) {
        const Endpoint endpoint{m_link->url(), m_link->token()};
        m_client = std::make_unique<RuntimeClient>(endpoint);
        m_control = std::make_unique<KernelControl>(endpoint);
        emit started();
        answer(m_client.get());
    } else if (m_link->state() == SshLink::State::Closed) {
        const std::unique_ptr<RuntimeClient> gone = std::move(m_client);
        m_control.reset();
        answer(tl::unexpected(m_link->error()));
        if (gone)
            emit ended(m_link->error().message);
    }
}

void Runtime::start()
{
    m_starting = true;
    if (m_link) {
        m_link->open();
        return;
    }
    EmbeddedRuntime::Options options;
    options.root = QDir::rootPath();
    m_embedded = std::make_unique<EmbeddedRuntime>(options);
    connect(m_embedded.get(), &EmbeddedRuntime::ended, this, [this](const QString &why) {
        // The next use starts it anew. Kernel connections let go of the client before it goes.
        const std::unique_ptr<RuntimeClient> gone = std::move(m_client);
        m_control.reset();
        m_embedded.release()->deleteLater();
        emit ended(why);
    });
    onFinished(m_embedded->start(), this, [this](const Result<Endpoint> &endpoint) {
        if (!endpoint) {
            answer(tl::unexpected(endpoint.error()));
            return;
        }
        m_client = std::make_unique<RuntimeClient>(*endpoint);
        m_control = std::make_unique<KernelControl>(*endpoint);
        emit started();
        answer(m_client.get());
    });
}

void Runtime::answer(const Result<RuntimeClient *> &result)
{
    m_starting = false;
    for (const auto &[context, ready] : std::exchange(m_waiting, {})) {
        if (context)
            ready(result);
    }
}

RuntimeHub::RuntimeHub(QObject *parent)
    : QObject(parent)
    , m_local(new Runtime(this))
    , m_preferred(m_local)
    , m_all{m_local}
{}

RuntimeHub::~RuntimeHub() = default;

Runtime *RuntimeHub::find(const QUrl &url) const
{
    const auto it = std::find_if(m_all.begin(), m_all.end(), [&url](const Runtime *runtime) {
        return !runtime->isLocal() && runtime->url() == url;
    });
    return it == m_all.end() ? nullptr : *it;
}

Runtime *RuntimeHub::remote(const Endpoint &endpoint, const QString &name)
{
    if (Runtime *known = find(endpoint.url);
        known && known->client()->endpoint().token == endpoint.token)
        return known;
    auto *runtime = new Runtime(endpoint, name, this);
    m_all.push_back(runtime);
    emit added(runtime);
    return runtime;
}

Runtime *RuntimeHub::ssh(const SshTarget &target)
{
    if (Runtime *known = find(QUrl(QStringLiteral("ssh:") + target.text())))
        return known;
    auto *runtime = new Runtime(target, this);
    m_all.push_back(runtime);
    emit added(runtime);
    return runtime;
}

void RuntimeHub::setPreferred(Runtime *runtime)
{
    if (runtime == m_preferred)
        return;
    m_preferred = runtime;
    emit preferredChanged();
}

} // namespace farcell
