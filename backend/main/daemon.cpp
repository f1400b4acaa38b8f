#include "backend/main/daemon.h"

#include "backend/auth/secret.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QHostAddress>
#include <QTimer>

#include <algorithm>
#include <chrono>
#include <utility>

namespace farcell {

namespace {

// One more than the seven seconds that a kernel may take to end (docs/protocol.md).
constexpr std::chrono::seconds stopLimit{8};

// Beside us, in a build folder as well as when installed; or where Debian puts helpers.
QString keeperProgram()
{
    const QDir here(QCoreApplication::applicationDirPath());
    for (const char *place :
         {"farcell-keeper", "../libexec/farcell/farcell-keeper", "../lib/farcell/farcell-keeper"}) {
        const QString path = here.absoluteFilePath(QString::fromLatin1(place));
        if (QFileInfo(path).isExecutable())
            return QDir::cleanPath(path);
    }
    return here.absoluteFilePath(QStringLiteral("farcell-keeper"));
}

QList<QByteArray> latin1(const QStringList &list)
{
    QList<QByteArray> bytes;
    for (const QString &text : list)
        bytes << text.toLatin1();
    return bytes;
}

} // namespace

Result<std::unique_ptr<Daemon>> Daemon::create(const ServeOptions &options)
{
    auto address = http::ListenAddress::parse(options.listen);
    if (!address)
        return tl::unexpected(address.error());
    if (!address->isLoopback())
        return fail(
            ErrorCode::InvalidData,
            tr("farcelld listens only on this computer (127.0.0.1, ::1, localhost or unix:) "
               "as long as it has no TLS; reach it from elsewhere through SSH"));
    Contents::Options contentsOptions;
    contentsOptions.root.followSymlinks = options.followSymlinks;
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
    auto cookieKey = auth::readOrCreateSecret(folder + QStringLiteral("/cookie_secret"));
    if (!cookieKey)
        return tl::unexpected(cookieKey.error());
    KernelService::Options kernelOptions;
    kernelOptions.stateDirectory = folder;
    kernelOptions.keeperProgram = keeperProgram();
    kernelOptions.prewarm = options.prewarm;
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
                std::move(*kernels)};
    return std::unique_ptr<Daemon>(new Daemon(std::move(parts)));
}

Daemon::Daemon(Parts parts)
    : m_parts(std::move(parts))
    , m_terminals(m_parts.contents->rootDirectory())
    , m_sessions(m_parts.state->path() + QStringLiteral("/sessions.json"))
    , m_config(m_parts.state->path() + QStringLiteral("/config"))
    , m_machine(m_parts.contents->rootDirectory())
    , m_gate({m_parts.token, m_parts.cookieKey,
              auth::OriginPolicy(m_parts.address.host.toLatin1(),
                                 latin1(m_parts.options.allowedOrigins))},
             m_router)
    , m_services{*m_parts.contents,
                 m_terminals,
                 *m_parts.kernels,
                 m_sessions,
                 m_events,
                 m_config,
                 m_machine,
                 m_gate,
                 *this,
                 m_pool,
                 QDateTime::currentDateTimeUtc(),
                 QDateTime::currentDateTimeUtc(),
                 [this] { stop(); }}
    , m_server(m_gate, {})
{
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
    if (address.isUnix())
        return QString(QStringLiteral("unix:") + address.socketPath);
    const QString host = address.host == u"localhost"  ? QStringLiteral("127.0.0.1")
                         : address.host.contains(u':') ? QString(u'[' + address.host + u']')
                                                       : address.host;
    return QStringLiteral("http://%1:%2/").arg(host).arg(m_server.port());
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
