#include "backend/http/kernelgpus.h"
#include "backend/http/services.h"
#include "backend/keeper/controlgroup.h"
#include "backend/kernels/kernelservice.h"
#include "backend/runtimes/environments.h"
#include "backend/runtimes/machine.h"
#include "backend/runtimes/nvidiasmi.h"
#include "core/api/runtimetype.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace farcell::http {

namespace {

bool sees(const KernelModel &kernel, const api::GpuDevice &gpu)
{
    if (!kernel.resources.gpus)
        return true;
    const QStringList &uuids = *kernel.resources.gpus;
    return uuids.contains(gpu.uuid) ||
           std::any_of(gpu.instances.begin(), gpu.instances.end(),
                       [&](const api::MigInstance &part) { return uuids.contains(part.uuid); });
}

api::RuntimeOffer offerOf(const Services &services, const api::GpuReport &report)
{
    api::RuntimeOffer offer;
    offer.gpus = report;
    const QList<KernelModel> kernels = services.kernels.kernels();
    for (const api::GpuDevice &gpu : report.gpus) {
        QStringList &ids = offer.kernels.emplace_back();
        for (const KernelModel &kernel : kernels) {
            if (sees(kernel, gpu))
                ids << kernel.id.toString();
        }
    }
    return offer;
}

// What the disk tells: on the pool.
void addMachine(const Services &services, api::RuntimeOffer &offer)
{
    offer.memory = Machine::memory().total;
    offer.cpus = Machine::cpuCount();
    offer.limitReason = QString::fromStdString(whyNoLimits());
    offer.canLimit = offer.limitReason.isEmpty();
    offer.environments = services.environments.all();
    offer.nvidiaSmi = services.nvidiaSmi.path();
    offer.nvidiaSmiReason = services.nvidiaSmi.whyAbsent();
}

} // namespace

void addRuntimeRoutes(Router &router, Services &services)
{
    router.add("GET", api::runtimeRoute, [&services](const HttpRequest &) {
        return lookAtGpus(services)
            .then(&services.context,
                  [&services](const api::GpuReport &report) {
                      return onPool(services,
                                    [&services, offer = offerOf(services, report)]() mutable {
                                        addMachine(services, offer);
                                        return jsonResponse(200, api::toJson(offer));
                                    });
                  })
            .unwrap();
    });
}

} // namespace farcell::http
