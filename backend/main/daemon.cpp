#include "backend/main/daemon.h"

#include "backend/auth/secret.h"
#include "backend/main/tokencommand.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QHostAddress>
#include <QLoggingCategory>
#include <QSaveFile>
#include <QSysInfo>
#include <QTimer>

#include <algorithm>
#include <chrono>
#include <utility>

namespace farcell {

namespace {

Q_LOGGING_CATEGORY(lcDaemon, "farcell.daemon")

// One more than the seven seconds that a kernel may take to end (docs/protocol.md).
constexpr std::chrono::seconds stopLimit{8};

NvidiaSmi::Options nvidiaSmiOptions(const ServeOptions &options)
{
    return {options.nvidiaSmi, programBeside(QStringLiteral("farcell-keeper")),
            !options.noNamespace};
}

QList<QByteArray> latin1(const QStringList &list)
{
    QList<QByteArray> bytes;
    for (const QString &text : list)
        bytes << text.toLatin1();
    return bytes;
}

// Names by which this machine may be called in a request's Host. A foreign name that leads here is
// somebody's trick on a browser.
auth::OriginPolicy originPolicy(const http::ListenAddress &address, const ServeOptions &options)
{
    QList<QByteArray> names = latin1(options.allowedHosts);
    names << address.host.toLatin1();
    const QList<QByteArray> origins = latin1(options.allowedOrigins);
    if (address.isLoopback() || address.isUnix())
        return {names, origins};
    const QByteArray host = QSysInfo::machineHostName().toLatin1();
    const QByteArray shortHost = host.split('.').first();
    names << host << shortHost << shortHost + ".local";
    return {names, origins, auth::OriginPolicy::Addresses::Any};
}

} // namespace

Result<std::unique_ptr<Daemon>> Daemon::create(const ServeOptions &options)
{
    auto address = http::ListenAddress::parse(options.listen);
    if (!address)
        return tl::unexpected(address.error());
    const bool wantsTls = !address->isUnix() && !options.insecure &&
                          (!address->isLoopback() || options.tls || !options.tlsKey.isEmpty());
    if (!wantsTls) {
        QCoreApplication::setLibraryPaths({}); // saves 3 MiB: Qt finds no TLS plugin
        // Nothing here speaks TLS, and Qt says at every request that it cannot.
        QLoggingCategory::setFilterRules(QStringLiteral("qt.network.ssl.warning=false"));
    }
    if (const auto checked = NvidiaSmi::check(options.nvidiaSmi); !checked)
        return tl::unexpected(checked.error());
    Contents::Options contentsOptions;
    contentsOptions.root.followSymlinks = options.followSymlinks;
    contentsOptions.trash = options.trash;
    auto contents = Contents::create(options.root, contentsOptions);
    if (!contents)
        return tl::unexpected(contents.error());
    auto state = StateDirectory::open(options.stateDirectory);
    if (!state)
        return tl::unexpected(state.error());
    const QString folder = (*state)->path();
    auto token = options.tokenFile.isEmpty()
                     ? auth::readOrCreateSecret(folder + QStringLiteral("/token"))
                     : auth::readSecret(options.tokenFile);
    if (!token)
        return tl::unexpected(token.error());
    std::optional<TlsSetup> tls;
    QStringList notices;
    const QString tokenFile = options.tokenFile.isEmpty()
                                  ? QString(folder + QStringLiteral("/token"))
                                  : options.tokenFile;
    if (const QString warning = auth::secretWarning(tokenFile, *token); !warning.isEmpty())
        notices << warning;
    if (wantsTls) {
        auto setup = prepareTls(options, folder);
        if (!setup)
            return fail(setup.error().code,
                        tr("There is no TLS, without which farcelld listens only on this computer "
                           "(or with --insecure): %1")
                            .arg(setup.error().message),
                        setup.error().detail);
        notices << tr("TLS certificate's fingerprint (SHA-256): %1").arg(setup->fingerprint);
        tls = *std::move(setup);
    } else if (!address->isLoopback()) {
        notices << tr("Listening without TLS: everybody on the way can read the token and take "
                      "over your account");
    }
    auto cookieKey = auth::readOrCreateSecret(folder + QStringLiteral("/cookie_secret"));
    if (!cookieKey)
        return tl::unexpected(cookieKey.error());
    KernelService::Options kernelOptions;
    kernelOptions.stateDirectory = folder;
    kernelOptions.keeperProgram = programBeside(QStringLiteral("farcell-keeper"));
    kernelOptions.prewarm = options.prewarm;
    kernelOptions.ownView = !options.noNamespace;
    kernelOptions.nvidiaSmi = NvidiaSmi(nvidiaSmiOptions(options)).toAdd();
    kernelOptions.findSpec = [environments = Environments((*contents)->rootDirectory())](
                                 const QString &name) { return environments.spec(name); };
    kernelOptions.endWithServer = options.kernelsEndWithServer;
    kernelOptions.retainedBytes = quint64(options.journalMegabytes) * 1024 * 1024;
    auto kernels = KernelService::create(std::move(kernelOptions));
    if (!kernels)
        return tl::unexpected(kernels.error());

    Parts parts{options,
                std::move(*address),
                std::move(*state),
                std::move(*token),
                std::move(*cookieKey),
                std::move(*contents),
                std::move(*kernels),
                std::move(tls),
                std::move(notices)};
    return std::unique_ptr<Daemon>(new Daemon(std::move(parts)));
}

Daemon::Daemon(Parts parts)
    : m_parts(std::move(parts))
    , m_terminals(m_parts.contents->rootDirectory())
    , m_sessions(m_parts.state->path() + QStringLiteral("/sessions.json"))
    , m_config(m_parts.state->path() + QStringLiteral("/config"))
    , m_machine(m_parts.contents->rootDirectory())
    , m_environments(m_parts.contents->rootDirectory())
    , m_nvidiaSmi(nvidiaSmiOptions(m_parts.options))
    , m_gpus(m_parts.options.nvmlLibrary)
    , m_gate({m_parts.token, m_parts.cookieKey, originPolicy(m_parts.address, m_parts.options)},
             m_router)
    , m_services{*m_parts.contents,
                 m_terminals,
                 *m_parts.kernels,
                 m_sessions,
                 m_events,
                 m_config,
                 m_machine,
                 m_gpus,
                 m_environments,
                 m_nvidiaSmi,
                 m_gate,
                 *this,
                 m_pool,
                 QDateTime::currentDateTimeUtc(),
                 QDateTime::currentDateTimeUtc(),
                 [this] { stop(); }}
    , m_metrics(m_services, m_parts.contents->rootDirectory(),
                m_parts.state->path() + QStringLiteral("/metrics.jsonl"))
    , m_server(m_gate, {})
{
    if (m_parts.tls)
        m_server.setTls(m_parts.tls->configuration);
    if (m_parts.options.cullIdleSeconds > 0) {
        auto *timer = new QTimer(this);
        connect(timer, &QTimer::timeout, this, &Daemon::cullIdle);
        timer->start(std::chrono::milliseconds(
            std::clamp(m_parts.options.cullIdleSeconds * 250, 500, 60000)));
    }
    m_pool.setMaxThreadCount(std::max(4, QThread::idealThreadCount()));
    connect(m_parts.kernels.get(), &KernelService::activity, this,
            [this] { m_services.lastActivity = QDateTime::currentDateTimeUtc(); });
    connect(m_parts.kernels.get(), &KernelService::kernelStarted, this, [this](const KernelId &id) {
        m_events.kernelEvent(QStringLiteral("start"), id.toString());
    });
    connect(m_parts.kernels.get(), &KernelService::kernelEnded, this, [this](const KernelId &id) {
        if (!m_parts.kernels->kernel(id))
            m_sessions.removeKernel(id);
        m_events.kernelEvent(QStringLiteral("shutdown"), id.toString());
    });
    http::addServerRoutes(m_router, m_services);
    http::addPageRoutes(m_router, m_services);
    http::addKernelspecRoutes(m_router, m_services);
    http::addKernelRoutes(m_router, m_services);
    http::addFarcellKernelRoutes(m_router, m_services);
    http::addGpuRoutes(m_router, m_services);
    http::addRuntimeRoutes(m_router, m_services);
    http::addMetricsRoutes(m_router, m_metrics);
    http::addSessionRoutes(m_router, m_services);
    http::addContentsRoutes(m_router, m_services);
    http::addTerminalRoutes(m_router, m_services);
    http::addEventRoutes(m_router, m_services);
}

Daemon::~Daemon()
{
    m_pool.waitForDone();
}

Result<QString> Daemon::listen()
{
    const http::ListenAddress &address = m_parts.address;
    if (auto listening = m_server.listen(address); !listening)
        return tl::unexpected(listening.error());
    if (address.isUnix()) {
        QString told = QStringLiteral("unix:") + address.socketPath;
        tellAddress(told);
        return told;
    }
    const QString host = address.host == u"localhost"  ? QStringLiteral("127.0.0.1")
                         : address.host.contains(u':') ? QString(u'[' + address.host + u']')
                                                       : address.host;
    QString told = QStringLiteral("%1://%2:%3/")
                       .arg(m_parts.tls ? QStringLiteral("https") : QStringLiteral("http"), host)
                       .arg(m_server.port());
    tellAddress(told);
    return told;
}

// For `farcelld token`.
void Daemon::tellAddress(const QString &address) const
{
    QSaveFile file(addressFile(m_parts.state->path()));
    if (file.open(QIODevice::WriteOnly)) {
        file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
        file.write(address.toUtf8() + '\n');
        file.commit();
    }
}

// Off unless the owner asked for it: what nobody looks at and does nothing goes.
void Daemon::cullIdle()
{
    const QDateTime limit =
        QDateTime::currentDateTimeUtc().addSecs(-m_parts.options.cullIdleSeconds);
    const QList<KernelModel> kernels = m_parts.kernels->kernels();
    for (const KernelModel &kernel : kernels) {
        if (kernel.connections == 0 && kernel.executionState == QStringLiteral("idle") &&
            kernel.lastActivity < limit) {
            qCInfo(lcDaemon) << "ends an idle kernel:" << kernel.id.toString();
            m_parts.kernels->shutdown(kernel.id);
        }
    }
}

void Daemon::stop()
{
    if (std::exchange(m_stopping, true)) {
        emit stopped();
        return;
    }
    m_server.stopListening();
    if (m_parts.options.kernelsEndWithServer)
        endKernels();
    else
        emit stopped();
}

void Daemon::endKernels()
{
    const QList<KernelModel> kernels = m_parts.kernels->kernels();
    if (kernels.isEmpty()) {
        emit stopped();
        return;
    }
    m_kernelsEnding = int(kernels.size());
    for (const KernelModel &kernel : kernels) {
        m_parts.kernels->shutdown(kernel.id).then(this, [this](const Result<> &) {
            if (--m_kernelsEnding == 0)
                emit stopped();
        });
    }
    QTimer::singleShot(stopLimit, this, &Daemon::stopped);
}

} // namespace farcell
