#include "core/client/kernelreports.h"

#include "core/client/runtimejson.h"

#include <QCoreApplication>

#include <nlohmann/json.hpp>

namespace farcell {

namespace {

using nlohmann::json;

tl::unexpected<Error> wrongShape()
{
    return fail(ErrorCode::InvalidData,
                QCoreApplication::translate("KernelReports",
                                            "The runtime's answer about its kernels is not what "
                                            "this version understands"));
}

qint64 integerAt(const json &object, const char *key, qint64 fallback)
{
    const json &value = memberOf(object, key);
    if (value.is_number_integer())
        return value.get<qint64>();
    return value.is_number() ? static_cast<qint64>(value.get<double>()) : fallback;
}

// ISO 8601 as in Jupyter's headers, or Unix seconds.
QDateTime timeAt(const json &object, const char *key)
{
    const json &value = memberOf(object, key);
    if (value.is_number())
        return QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(value.get<double>() * 1000),
                                              Qt::UTC);
    return QDateTime::fromString(textAt(object, key), Qt::ISODateWithMs).toUTC();
}

// Text, or what stands there as JSON: an Xid may be a number or an object.
QString looseText(const json &object, const char *key)
{
    const json &value = memberOf(object, key);
    if (value.is_null())
        return {};
    return value.is_string()
               ? textAt(object, key)
               : QString::fromStdString(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

QueueItem itemFrom(const json &object)
{
    QueueItem item;
    item.message = MsgId(textAt(object, "msg_id"));
    item.cellId = textAt(object, "cell_id");
    item.session = textAt(object, "session");
    item.isRunning = textAt(object, "state") == QLatin1String("running");
    item.position = static_cast<int>(integerAt(object, "position", 0));
    item.code = textAt(object, "code");
    item.queuedAt = timeAt(object, "queued_at");
    item.startedAt = timeAt(object, "started_at");
    item.expectedSeconds = numberAt<double>(object, "expected_s").value_or(-1);
    return item;
}

} // namespace

Result<KernelQueue> kernelQueueFrom(const json &object)
{
    const json &items = memberOf(object, "items");
    if (!items.is_array())
        return wrongShape();
    KernelQueue queue;
    queue.isPaused = flagAt(object, "paused");
    queue.stopAfter = MsgId(textAt(object, "stop_after"));
    for (const json &item : items) {
        if (item.is_object() && !textAt(item, "msg_id").isEmpty())
            queue.items.append(itemFrom(item));
    }
    return queue;
}

Result<KernelProcess> kernelProcessFrom(const json &object)
{
    if (!object.is_object())
        return wrongShape();
    KernelProcess process;
    process.pid = integerAt(object, "pid", 0);
    const QString state = textAt(object, "state");
    if (state == QLatin1String("computing"))
        process.state = KernelProcess::State::Computing;
    else if (state == QLatin1String("waiting"))
        process.state = KernelProcess::State::Waiting;
    else if (state == QLatin1String("stuck"))
        process.state = KernelProcess::State::Stuck;
    else if (state == QLatin1String("idle"))
        process.state = KernelProcess::State::Idle;
    process.stuckOn = textAt(object, "stuck_on");
    process.residentBytes = integerAt(object, "rss", -1);
    process.cpuSeconds = numberAt<double>(object, "cpu_s").value_or(-1);
    process.processes = static_cast<int>(integerAt(object, "processes", 0));
    return process;
}

Result<KernelDeath> kernelDeathFrom(const json &object)
{
    if (!object.is_object() || textAt(object, "sentence").isEmpty())
        return wrongShape();
    KernelDeath death;
    death.pid = integerAt(object, "pid", 0);
    death.exitCode = numberAt<int>(object, "exit_code");
    death.signal = numberAt<int>(object, "signal");
    death.signalName = textAt(object, "signal_name");
    death.cause = textAt(object, "cause");
    death.sentence = textAt(object, "sentence");
    if (const json &lines = memberOf(object, "stderr"); lines.is_array()) {
        for (const json &line : lines) {
            if (line.is_string())
                death.errorLines.append(
                    QString::fromStdString(line.get_ref<const std::string &>()));
        }
    }
    death.faultHandler = textAt(object, "faulthandler");
    death.xid = looseText(object, "xid");
    if (const json &samples = memberOf(object, "memory"); samples.is_array()) {
        for (const json &sample : samples) {
            if (sample.is_array() && sample.size() >= 2 && sample.at(0).is_number() &&
                sample.at(1).is_number())
                death.memory.append(
                    {sample.at(0).get<double>(), static_cast<qint64>(sample.at(1).get<double>())});
        }
    }
    death.time = timeAt(object, "time");
    death.wasRestarted = flagAt(object, "restarted");
    return death;
}

Result<QList<KernelSummary>> kernelSummariesFrom(const json &object)
{
    const json &kernels = memberOf(object, "kernels");
    if (!kernels.is_array())
        return wrongShape();
    QList<KernelSummary> list;
    for (const json &kernel : kernels) {
        if (!kernel.is_object() || textAt(kernel, "id").isEmpty())
            continue;
        KernelSummary summary;
        summary.id = KernelId(textAt(kernel, "id"));
        summary.name = textAt(kernel, "name");
        summary.path = textAt(kernel, "path");
        summary.notebook = textAt(kernel, "notebook");
        summary.state = textAt(kernel, "state");
        summary.residentBytes = integerAt(kernel, "rss", -1);
        summary.gpuBytes = integerAt(kernel, "gpu_memory", -1);
        summary.idleSeconds = numberAt<double>(kernel, "idle_s").value_or(-1);
        summary.clients = static_cast<int>(integerAt(kernel, "clients", -1));
        summary.queued = static_cast<int>(integerAt(kernel, "queued", -1));
        summary.startedAt = timeAt(kernel, "started_at");
        list.append(summary);
    }
    return list;
}

} // namespace farcell
