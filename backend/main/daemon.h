#pragma once

#include "backend/auth/originpolicy.h"
#include "backend/contents/contents.h"
#include "backend/gpu/gpuservice.h"
#include "backend/http/configstore.h"
#include "backend/http/eventhub.h"
#include "backend/http/httpserver.h"
#include "backend/http/metricshub.h"
#include "backend/http/requestgate.h"
#include "backend/http/router.h"
#include "backend/http/services.h"
#include "backend/http/sessionstore.h"
#include "backend/kernels/kernelservice.h"
#include "backend/main/options.h"
#include "backend/main/statedirectory.h"
#include "backend/main/tlssetup.h"
#include "backend/runtimes/environments.h"
#include "backend/runtimes/machine.h"
#include "backend/runtimes/nvidiasmi.h"
#include "backend/terminals/terminalservice.h"

#include <QObject>
#include <QThreadPool>

#include <memory>
#include <optional>

namespace farcell {

// The whole server: builds the parts, joins them, and ends them in order. One per process, on the
// main thread.
class Daemon : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Daemon)

public:
    static Result<std::unique_ptr<Daemon>> create(const ServeOptions &options);
    ~Daemon() override;

    // Listens; returns the address to tell.
    Result<QString> listen();
    // What the owner should know at the start, a sentence each.
    [[nodiscard]] const QStringList &notices() const { return m_parts.notices; }
    // Ends kernels too where that was asked for, then emits stopped(). A second call ends at once.
    void stop();

signals:
    void stopped();

private:
    struct Parts
    {
        ServeOptions options;
        http::ListenAddress address;
        std::unique_ptr<StateDirectory> state;
        QByteArray token;
        QByteArray cookieKey;
        std::unique_ptr<Contents> contents;
        std::unique_ptr<KernelService> kernels;
        std::optional<TlsSetup> tls;
        QStringList notices;
    };
    explicit Daemon(Parts parts);
    void endKernels();
    void cullIdle();
    void tellAddress(const QString &address) const;

    Parts m_parts;
    TerminalService m_terminals;
    http::SessionStore m_sessions;
    http::EventHub m_events;
    http::ConfigStore m_config;
    Machine m_machine;
    Environments m_environments;
    NvidiaSmi m_nvidiaSmi;
    GpuService m_gpus;
    QThreadPool m_pool;
    http::Router m_router;
    http::RequestGate m_gate;
    http::Services m_services;
    http::MetricsHub m_metrics;
    http::HttpServer m_server;
    bool m_stopping = false;
    int m_kernelsEnding = 0;
};

} // namespace farcell
