#include "backend/gpu/gpuservice.h"
#include "backend/http/services.h"
#include "backend/http/sessionstore.h"
#include "backend/keeper/processtree.h"
#include "backend/kernels/kernelservice.h"
#include "core/api/gpus.h"

#include <map>
#include <string>

// GPUs and who uses them: the processes NVML names are given to the kernels that started them.
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
    const auto roots = rootsOfProcesses(kernels);
    for (api::GpuDevice &device : report.gpus) {
        if (!device.processes)
            continue;
        for (api::GpuProcess &process : *device.processes) {
            const auto root = roots.find(pid_t(process.pid));
            if (root == roots.end())
                continue;
            process.kernelId = owners.at(root->second).kernel;
            process.notebook = owners.at(root->second).notebook;
        }
    }
}

} // namespace

void addGpuRoutes(Router &router, Services &services)
{
    router.add("GET", api::gpusRoute, [&services](const HttpRequest &) {
        return services.gpus.look()
            .then(&services.context,
                  [&services](api::GpuReport report) {
                      return onPool(services, [report = std::move(report),
                                               owners = kernelOwners(services)]() mutable {
                          nameOwners(report, owners);
                          return jsonResponse(200, api::toJson(report));
                      });
                  })
            .unwrap();
    });
}

} // namespace farcell::http
