#include "backend/http/kernelgpus.h"

#include "backend/gpu/gpuservice.h"
#include "backend/http/services.h"
#include "backend/http/sessionstore.h"
#include "backend/keeper/processtree.h"
#include "backend/kernels/kernelservice.h"

#include <map>
#include <string>
#include <utility>

namespace farcell::http {

namespace {

struct Owner
{
    QString kernel, notebook;
};

// By pid of the kernel.
std::map<pid_t, Owner> kernelOwners(const Services &services)
{
    std::map<pid_t, Owner> owners;
    for (const KernelModel &model : services.kernels.kernels()) {
        if (model.pid <= 0)
            continue;
        Owner &owner = owners[pid_t(model.pid)];
        owner.kernel = model.id.toString();
        for (const Session &session : services.sessions.sessions()) {
            if (session.kernel == model.id)
                owner.notebook = session.path;
        }
    }
    return owners;
}

// Reads /proc: on the pool.
void nameOwners(api::GpuReport &report, const std::map<pid_t, Owner> &owners)
{
    std::map<pid_t, std::string> kernels;
    for (const auto &[pid, owner] : owners)
        kernels[pid] = owner.kernel.toStdString();
    for (api::GpuDevice &device : report.gpus) {
        if (!device.processes)
            continue;
        for (api::GpuProcess &process : *device.processes) {
            const auto owner = owners.find(rootOfProcess(pid_t(process.pid), kernels));
            if (owner == owners.end())
                continue;
            process.kernelId = owner->second.kernel;
            process.notebook = owner->second.notebook;
        }
    }
}

} // namespace

QFuture<api::GpuReport> lookAtGpus(Services &services, std::chrono::milliseconds atMostOld)
{
    return services.gpus.look(atMostOld)
        .then(&services.context,
              [&services](api::GpuReport report) {
                  return QtConcurrent::run(
                      &services.pool,
                      [report = std::move(report), owners = kernelOwners(services)]() mutable {
                          nameOwners(report, owners);
                          return std::move(report);
                      });
              })
        .unwrap();
}

std::optional<qint64> gpuMemoryOf(const api::GpuReport &report, const QString &kernel)
{
    std::optional<qint64> sum;
    for (const api::GpuDevice &device : report.gpus) {
        if (!device.processes)
            continue;
        sum = sum.value_or(0);
        for (const api::GpuProcess &process : *device.processes) {
            if (process.kernelId == kernel)
                *sum += process.memory.value_or(0);
        }
    }
    return sum;
}

} // namespace farcell::http
