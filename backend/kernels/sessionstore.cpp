#include "backend/kernels/sessionstore.h"

#include <QFile>
#include <QLoggingCategory>
#include <QPromise>
#include <QSaveFile>
#include <QUuid>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace farcell {

using nlohmann::json;

Q_LOGGING_CATEGORY(lcSessions, "farcell.sessions")

namespace {

QString textOf(const json &object, const char *key)
{
    const auto it = object.find(key);
    return it != object.end() && it->is_string() ? QString::fromStdString(it->get<std::string>())
                                                 : QString();
}

tl::unexpected<Error> noSession()
{
    return fail(ErrorCode::NotFound, SessionStore::tr("There is no such session"));
}

template <typename Sessions>
auto findSession(Sessions &sessions, const SessionId &id)
{
    return std::find_if(sessions.begin(), sessions.end(),
                        [&](const SessionModel &session) { return session.id == id; });
}

} // namespace

SessionStore::SessionStore(KernelService &kernels, const QString &stateDirectory, QObject *parent)
    : QObject(parent)
    , m_kernels(kernels)
    , m_file(stateDirectory + QStringLiteral("/sessions.json"))
{
    read();
    connect(&kernels, &KernelService::kernelEnded, this, &SessionStore::dropKernel);
}

void SessionStore::read()
{
    QFile file(m_file);
    if (!file.open(QIODevice::ReadOnly)) {
        return;
    }
    const json list = json::parse(file.readAll().toStdString(), nullptr, false);
    if (!list.is_array()) {
        qCWarning(lcSessions) << m_file << "is not a list of sessions and is not used";
        return;
    }
    for (const json &entry : list) {
        if (!entry.is_object()) {
            continue;
        }
        SessionModel session{SessionId(textOf(entry, "id")), textOf(entry, "path"),
                             textOf(entry, "name"), textOf(entry, "type"),
                             KernelId(textOf(entry, "kernel"))};
        if (!session.id.isEmpty() && m_kernels.kernel(session.kernel)) {
            m_sessions.append(std::move(session));
        }
    }
}

void SessionStore::write()
{
    json list = json::array();
    for (const SessionModel &session : std::as_const(m_sessions)) {
        list.push_back({{"id", session.id.toString().toStdString()},
                        {"path", session.path.toStdString()},
                        {"name", session.name.toStdString()},
                        {"type", session.type.toStdString()},
                        {"kernel", session.kernel.toString().toStdString()}});
    }
    QSaveFile file(m_file);
    const bool isOpen = file.open(QIODevice::WriteOnly);
    if (isOpen) {
        file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
        file.write(QByteArray::fromStdString(list.dump(2)));
    }
    if (!isOpen || !file.commit()) {
        qCWarning(lcSessions) << m_file << "cannot be written:" << file.errorString();
    }
    emit changed();
}

std::optional<SessionModel> SessionStore::session(const SessionId &id) const
{
    const auto it = findSession(m_sessions, id);
    return it == m_sessions.end() ? std::nullopt : std::optional(*it);
}

std::optional<SessionModel> SessionStore::findByPath(const QString &path) const
{
    const auto it = std::find_if(m_sessions.begin(), m_sessions.end(),
                                 [&](const SessionModel &session) { return session.path == path; });
    return it == m_sessions.end() ? std::nullopt : std::optional(*it);
}

SessionModel SessionStore::add(const QString &path, const QString &name, const QString &type,
                               const KernelId &kernel)
{
    m_sessions.append(
        {SessionId(QUuid::createUuid().toString(QUuid::WithoutBraces)), path, name, type, kernel});
    write();
    return m_sessions.constLast();
}

Result<SessionModel> SessionStore::change(const SessionId &id, const Change &change)
{
    const auto it = findSession(m_sessions, id);
    if (it == m_sessions.end()) {
        return noSession();
    }
    it->path = change.path.value_or(it->path);
    it->name = change.name.value_or(it->name);
    it->type = change.type.value_or(it->type);
    it->kernel = change.kernel.value_or(it->kernel);
    const SessionModel changedSession = *it;
    write();
    return changedSession;
}

Result<> SessionStore::remove(const SessionId &id)
{
    const auto it = findSession(m_sessions, id);
    if (it == m_sessions.end()) {
        return noSession();
    }
    m_sessions.erase(it);
    write();
    return {};
}

QFuture<Result<>> SessionStore::end(const SessionId &id)
{
    const std::optional<SessionModel> ended = session(id);
    const Result<> removed = remove(id);
    const bool isShared = ended && std::any_of(m_sessions.cbegin(), m_sessions.cend(),
                                               [&](const SessionModel &other) {
                                                   return other.kernel == ended->kernel;
                                               });
    if (removed && !isShared && m_kernels.kernel(ended->kernel)) {
        return m_kernels.shutdown(ended->kernel);
    }
    QPromise<Result<>> promise;
    promise.start();
    promise.addResult(removed);
    promise.finish();
    return promise.future();
}

void SessionStore::dropKernel(const KernelId &kernel)
{
    const auto removed =
        m_sessions.removeIf([&](const SessionModel &session) { return session.kernel == kernel; });
    if (removed > 0) {
        write();
    }
}

} // namespace farcell
