#pragma once

#include "backend/http/router.h"

#include <QDateTime>
#include <QFuture>
#include <QObject>
#include <QString>
#include <QtConcurrentRun>
#include <QThreadPool>

#include <functional>
#include <utility>

namespace farcell {
class Contents;
class Environments;
class GpuService;
class KernelService;
class Machine;
class NvidiaSmi;
class TerminalService;
} // namespace farcell

namespace farcell::http {

class ConfigStore;
class EventHub;
class MetricsHub;
class RequestGate;
class SessionStore;

// What the routes work with. Built by main(); outlives the server. All of it lives on the server's
// thread; only Contents, Environments and NvidiaSmi are also used on the pool.
struct Services
{
    Contents &contents;
    TerminalService &terminals;
    KernelService &kernels;
    SessionStore &sessions;
    EventHub &events;
    ConfigStore &config;
    Machine &machine;
    GpuService &gpus;
    Environments &environments;
    NvidiaSmi &nvidiaSmi;
    RequestGate &gate;
    QObject &context; // answers that come later are dropped when it is gone
    QThreadPool &pool;
    QDateTime started;
    QDateTime lastActivity;
    std::function<void()> shutdown;
};

// Each adds the routes of one part of Jupyter's API (jupyter.md section 3).
void addServerRoutes(Router &router, Services &services);
void addPageRoutes(Router &router, Services &services);
void addKernelspecRoutes(Router &router, Services &services);
void addKernelRoutes(Router &router, Services &services);
void addFarcellKernelRoutes(Router &router, Services &services);
void addGpuRoutes(Router &router, Services &services);
void addRuntimeRoutes(Router &router, Services &services);
void addMetricsRoutes(Router &router, MetricsHub &metrics);
void addSessionRoutes(Router &router, Services &services);
void addContentsRoutes(Router &router, Services &services);
void addTerminalRoutes(Router &router, Services &services);
void addEventRoutes(Router &router, Services &services);

// Runs work that blocks on the disk away from the event loop.
template <typename Work>
QFuture<HttpResponse> onPool(Services &services, Work work)
{
    return QtConcurrent::run(&services.pool, std::move(work));
}

inline QFuture<HttpResponse> ready(HttpResponse response)
{
    return QtFuture::makeReadyFuture(std::move(response));
}

} // namespace farcell::http
