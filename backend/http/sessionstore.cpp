#include "backend/http/sessionstore.h"

#include <nlohmann/json.hpp>

#include <QFile>
#include <QLoggingCategory>
#include <QSaveFile>
#include <QUuid>

#include <algorithm>
#include <utility>

namespace farcell::http {

namespace {

Q_LOGGING_CATEGORY(lcSessions, "farcell.sessions")

using nlohmann::json;

QString textOf(const json &object, const char *key)
{
    const auto it = object.find(key);
    return it != object.end() && it->is_string()
               ? QString::fromStdString(it->get_ref<const std::string &>())
               : QString();
}

} // namespace

SessionStore::SessionStore(QString file, QObject *parent)
    : QObject(parent)
    , m_file(std::move(file))
{
    load();
}

SessionStore::~SessionStore() = default;

std::optional<Session> SessionStore::find(const SessionId &id) const
{
    const auto it = std::find_if(m_sessions.cbegin(), m_sessions.cend(),
                                 [&](const Session &session) { return session.id == id; });
    return it == m_sessions.cend() ? std::nullopt : std::optional(*it);
}

std::optional<Session> SessionStore::findPath(const QString &path) const
{
    const auto it = std::find_if(m_sessions.cbegin(), m_sessions.cend(),
                                 [&](const Session &session) { return session.path == path; });
    return it == m_sessions.cend() ? std::nullopt : std::optional(*it);
}

Session SessionStore::add(const QString &path, const QString &name, const QString &type,
                          const KernelId &kernel)
{
    Session session{SessionId(QUuid::createUuid().toString(QUuid::WithoutBraces)), path, name, type,
                    kernel};
    m_sessions << session;
    save();
    return session;
}

void SessionStore::update(const Session &session)
{
    for (Session &known : m_sessions) {
        if (known.id == session.id)
            known = session;
    }
    save();
}

void SessionStore::remove(const SessionId &id)
{
    m_sessions.removeIf([&](const Session &session) { return session.id == id; });
    save();
}

void SessionStore::removeKernel(const KernelId &kernel)
{
    if (m_sessions.removeIf([&](const Session &session) { return session.kernel == kernel; }) > 0)
        save();
}

void SessionStore::load()
{
    QFile in(m_file);
    if (!in.open(QIODevice::ReadOnly))
        return;
    const QByteArray text = in.readAll();
    const json list = json::parse(text.begin(), text.end(), nullptr, false);
    if (!list.is_array())
        return;
    for (const json &one : list) {
        if (!one.is_object())
            continue;
        Session session{SessionId(textOf(one, "id")), textOf(one, "path"), textOf(one, "name"),
                        textOf(one, "type"), KernelId(textOf(one, "kernel"))};
        if (!session.id.isEmpty() && !session.kernel.isEmpty())
            m_sessions << std::move(session);
    }
}

void SessionStore::save() const
{
    json list = json::array();
    for (const Session &session : m_sessions)
        list.push_back({{"id", session.id.toString().toStdString()},
                        {"path", session.path.toStdString()},
                        {"name", session.name.toStdString()},
                        {"type", session.type.toStdString()},
                        {"kernel", session.kernel.toString().toStdString()}});
    QSaveFile out(m_file);
    const QByteArray text = QByteArray::fromStdString(list.dump(1));
    if (!out.open(QIODevice::WriteOnly) || out.write(text) != text.size() || !out.commit())
        qCWarning(lcSessions) << "cannot write" << m_file << out.errorString();
}

} // namespace farcell::http
