#include "core/client/attachmentstore.h"

#include "core/client/runtimejson.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>

#include <utility>

namespace farcell {

namespace {

using nlohmann::json;

constexpr qint64 maxFileBytes = 16LL * 1024 * 1024;

json toJson(const PendingRun &run)
{
    return {{"msg_id", run.request.toString().toStdString()},
            {"cell_id", run.cellId.toStdString()},
            {"since", run.since},
            {"over", run.isOver}};
}

PendingRun runFrom(const json &object)
{
    PendingRun run;
    run.request = MsgId(textAt(object, "msg_id"));
    run.cellId = textAt(object, "cell_id");
    run.since = numberAt<quint64>(object, "since").value_or(0);
    run.isOver = flagAt(object, "over");
    return run;
}

json toJson(const Attachment &attachment)
{
    json runs = json::array();
    for (const PendingRun &run : attachment.runs)
        runs.push_back(toJson(run));
    return {{"notebook", attachment.notebook.toStdString()},
            {"server", attachment.server.toString(QUrl::FullyEncoded).toStdString()},
            {"kernel", attachment.kernel.toString().toStdString()},
            {"kernel_name", attachment.kernelName.toStdString()},
            {"remote_session", attachment.remoteSession.toString().toStdString()},
            {"session", attachment.session.toStdString()},
            {"since", attachment.since},
            {"runs", std::move(runs)}};
}

Attachment attachmentFrom(const json &object)
{
    Attachment attachment;
    attachment.notebook = textAt(object, "notebook");
    attachment.server = QUrl(textAt(object, "server"), QUrl::StrictMode);
    attachment.kernel = KernelId(textAt(object, "kernel"));
    attachment.kernelName = textAt(object, "kernel_name");
    attachment.remoteSession = SessionId(textAt(object, "remote_session"));
    attachment.session = textAt(object, "session");
    attachment.since = numberAt<quint64>(object, "since").value_or(0);
    const auto runs = object.find("runs");
    if (runs != object.end() && runs->is_array()) {
        for (const json &run : *runs) {
            if (run.is_object())
                attachment.runs.append(runFrom(run));
        }
    }
    return attachment;
}

} // namespace

AttachmentStore::AttachmentStore(QString file)
    : m_file(std::move(file))
{
    load();
}

QString AttachmentStore::defaultFile()
{
    const QString given = qEnvironmentVariable("XDG_STATE_HOME");
    const QString base =
        QDir::isAbsolutePath(given) ? given : QDir::homePath() + QStringLiteral("/.local/state");
    return base + QStringLiteral("/farcell/attachments.json");
}

std::optional<Attachment> AttachmentStore::find(const QString &notebook) const
{
    const auto it = m_attachments.constFind(notebook);
    return it == m_attachments.constEnd() ? std::nullopt : std::optional(*it);
}

Result<> AttachmentStore::put(const Attachment &attachment)
{
    m_attachments.insert(attachment.notebook, attachment);
    return save();
}

Result<> AttachmentStore::remove(const QString &notebook)
{
    return m_attachments.remove(notebook) > 0 ? save() : Result<>();
}

// A file that is missing or broken is as good as an empty one: kernels are also found by path.
void AttachmentStore::load()
{
    QFile in(m_file);
    if (!in.open(QIODevice::ReadOnly) || in.size() > maxFileBytes)
        return;
    const QByteArray text = in.readAll();
    const json list = json::parse(text.begin(), text.end(), nullptr, false);
    if (!list.is_array())
        return;
    for (const json &one : list) {
        if (!one.is_object())
            continue;
        const Attachment attachment = attachmentFrom(one);
        if (!attachment.notebook.isEmpty() && !attachment.kernel.isEmpty())
            m_attachments.insert(attachment.notebook, attachment);
    }
}

Result<> AttachmentStore::save() const
{
    const QString folder = QFileInfo(m_file).absolutePath();
    json list = json::array();
    for (const Attachment &attachment : m_attachments)
        list.push_back(toJson(attachment));
    const QByteArray text = QByteArray::fromStdString(list.dump(1)) + '\n';
    QSaveFile out(m_file);
    const bool isWritten = QDir().mkpath(folder) && out.open(QIODevice::WriteOnly) &&
                           out.setPermissions(QFile::ReadOwner | QFile::WriteOwner) &&
                           out.write(text) == text.size() && out.commit();
    if (!isWritten)
        return fail(ErrorCode::Unavailable,
                    QCoreApplication::translate("farcell::AttachmentStore",
                                                "Which kernels your notebooks use could not be "
                                                "written to %1")
                        .arg(m_file),
                    out.errorString());
    return {};
}

} // namespace farcell
