#include "app/connect/recentservers.h"

#include "core/base/jsonmembers.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>

#include <nlohmann/json.hpp>

#include <utility>

namespace farcell {

namespace {

constexpr int maxServers = 12;
constexpr qint64 maxFileBytes = 1 << 20;

} // namespace

RecentServers::RecentServers(QString file)
    : m_file(std::move(file))
{
    load();
}

void RecentServers::load()
{
    QFile source(m_file);
    if (!source.open(QIODevice::ReadOnly))
        return;
    const QByteArray bytes = source.read(maxFileBytes);
    const auto list = nlohmann::json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (!list.is_array())
        return;
    for (const auto &entry : list) {
        if (!entry.is_object() || m_servers.size() >= maxServers)
            continue;
        const QUrl url(textAt(entry, "url"), QUrl::StrictMode);
        const bool isSsh = url.scheme() == QLatin1String("ssh"); // "ssh:user@host:port"
        if (url.isValid() && !(isSsh ? url.path() : url.host()).isEmpty())
            m_servers.append({url, textAt(entry, "name"),
                              QDateTime::fromString(textAt(entry, "lastUsed"), Qt::ISODate)});
    }
}

void RecentServers::add(const QUrl &url, const QString &name)
{
    m_servers.removeIf([&](const Server &server) { return server.url == url; });
    m_servers.prepend({url, name, QDateTime::currentDateTimeUtc()});
    while (m_servers.size() > maxServers)
        m_servers.removeLast();
    save();
}

void RecentServers::remove(const QUrl &url)
{
    m_servers.removeIf([&](const Server &server) { return server.url == url; });
    save();
}

void RecentServers::save() const
{
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Server &server : m_servers)
        list.push_back({{"url", server.url.toString().toStdString()},
                        {"name", server.name.toStdString()},
                        {"lastUsed", server.lastUsed.toString(Qt::ISODate).toStdString()}});
    QDir().mkpath(QFileInfo(m_file).absolutePath());
    QSaveFile target(m_file);
    if (target.open(QIODevice::WriteOnly)) {
        target.write(QByteArray::fromStdString(list.dump(2)) + '\n');
        target.commit();
    }
}

} // namespace farcell
