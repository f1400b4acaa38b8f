#include "backend/http/kernelmodel.h"

#include "backend/contents/contentsmodel.h"
#include "backend/gpu/gpuservice.h"
#include "backend/http/jsonfields.h"
#include "backend/http/services.h"

#include <QCoreApplication>

#include <algorithm>
#include <chrono>

namespace farcell::http {

namespace {

using nlohmann::json;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::http", text);
}

bool isThere(const QString &uuid, const api::GpuReport &report)
{
    return std::any_of(report.gpus.begin(), report.gpus.end(), [&](const api::GpuDevice &gpu) {
        return gpu.uuid == uuid ||
               std::any_of(gpu.instances.begin(), gpu.instances.end(),
                           [&](const api::MigInstance &instance) { return instance.uuid == uuid; });
    });
}

Result<> checkGpus(const QStringList &uuids, const api::GpuReport &report)
{
    for (const QString &uuid : uuids) {
        if (!isThere(uuid, report))
            return fail(ErrorCode::InvalidData,
                        report.gpus.empty()
                            ? tr("There is no GPU on this machine: %1").arg(report.reason)
                            : tr("There is no GPU %1 on this machine").arg(uuid));
    }
    return {};
}

Result<QMap<QString, QString>> environmentField(JsonFields &fields)
{
    QMap<QString, QString> environment;
    const auto given = fields.object("env");
    if (!given)
        return environment;
    for (const auto &[key, value] : given->value().items()) {
        const QString name = QString::fromStdString(key);
        if (!value.is_string() || name.isEmpty() || name.contains(u'=') ||
            name.contains(QChar(u'\0')))
            return fail(ErrorCode::InvalidData, tr("env must be an object of texts"));
        const QString text = QString::fromStdString(value.get_ref<const std::string &>());
        if (text.contains(QChar(u'\0')))
            return fail(ErrorCode::InvalidData, tr("env must be an object of texts"));
        environment.insert(name, text);
    }
    return environment;
}

} // namespace

json kernelJson(const KernelModel &model)
{
    json object{{"id", model.id.toString().toStdString()},
                {"name", model.name.toStdString()},
                {"last_activity", isoTime(model.lastActivity).toStdString()},
                {"execution_state", model.executionState.toStdString()},
                {"connections", model.connections},
                {"farcell", api::toJson(model.resources)}};
    object["farcell"]["limits_refused"] =
        model.limitsRefused.isEmpty() ? json() : json(model.limitsRefused.toStdString());
    if (!model.reason.isEmpty())
        object["reason"] = model.reason.toStdString();
    return object;
}

Result<KernelWishes> kernelWishes(JsonFields &fields)
{
    auto environment = environmentField(fields);
    if (!environment)
        return tl::unexpected(environment.error());
    const auto given = fields.value().find("farcell");
    auto resources = api::kernelResourcesFromJson(given == fields.value().end() ? json() : *given);
    if (!resources)
        return tl::unexpected(resources.error());
    return KernelWishes{std::move(*environment), std::move(*resources)};
}

QFuture<Result<KernelModel>> startKernel(Services &services, const KernelStart &start)
{
    constexpr std::chrono::seconds atMostOld{10};
    const QStringList uuids = start.resources.gpus.value_or(QStringList());
    if (uuids.isEmpty())
        return services.kernels.start(start);
    return services.gpus.look(atMostOld)
        .then(&services.context,
              [&services, start, uuids](const api::GpuReport &report) {
                  if (const auto checked = checkGpus(uuids, report); !checked)
                      return QtFuture::makeReadyFuture<Result<KernelModel>>(
                          tl::unexpected(checked.error()));
                  return services.kernels.start(start);
              })
        .unwrap();
}

} // namespace farcell::http
