#include "core/client/executiontimes.h"

#include "core/client/kernelconnection.h"
#include "core/client/runtimejson.h"
#include "core/notebook/notebookdocument.h"

#include <nlohmann/json.hpp>

namespace farcell {

namespace {

using nlohmann::ordered_json;

void put(ordered_json &object, const char *key, const QString &value)
{
    if (!value.isEmpty())
        object[key] = value.toStdString();
}

} // namespace

ExecutionTimes::Dialect ExecutionTimes::dialectOf(const NotebookDocument &document)
{
    for (int i = 0; i < document.cellCount(); ++i) {
        const QByteArray &metadata = document.cellAt(i).metadata.text();
        if (metadata.contains("\"executionInfo\""))
            return Dialect::Colab;
        if (metadata.contains("\"execution\"") && metadata.contains("\"iopub."))
            return Dialect::JupyterLab;
    }
    return Dialect::None;
}

void ExecutionTimes::note(const KernelMessage &message)
{
    const QString type = message.type();
    const QString date = textAt(message.header, "date");
    if (type == QLatin1String("status")) {
        const QString state = textAt(message.content, "execution_state");
        if (state == QLatin1String("busy"))
            m_busy = date;
        else if (state == QLatin1String("idle"))
            m_idle = date;
    } else if (type == QLatin1String("execute_input")) {
        m_input = date;
    } else if (type == QLatin1String("execute_reply")) {
        m_reply = date;
        m_replyStarted = textAt(message.metadata, "started");
    }
}

ordered_json ExecutionTimes::patch(Dialect dialect, bool ok, const QDateTime &endedAt,
                                   std::chrono::milliseconds elapsed) const
{
    if (dialect == Dialect::JupyterLab) {
        ordered_json times = ordered_json::object();
        put(times, "iopub.execute_input", m_input);
        put(times, "iopub.status.busy", m_busy);
        put(times, "iopub.status.idle", m_idle);
        put(times, "shell.execute_reply", m_reply);
        put(times, "shell.execute_reply.started", m_replyStarted);
        return {{"execution", std::move(times)}};
    }
    if (dialect == Dialect::Colab) {
        // "user" goes: nobody's name belongs into a file unasked, and another person's must not
        // stand beside our run. (null removes a key when merged)
        return {{"executionInfo",
                 {{"elapsed", elapsed.count()},
                  {"status", ok ? "ok" : "error"},
                  {"timestamp", endedAt.toMSecsSinceEpoch()},
                  {"user", nullptr},
                  {"user_tz", -endedAt.toLocalTime().offsetFromUtc() / 60}}}};
    }
    return nullptr;
}

} // namespace farcell
