#pragma once

#include <QDateTime>
#include <QList>
#include <QString>
#include <QUrl>

namespace farcell {

// Servers a person connected to, newest first; in a file of its own, without tokens.
class RecentServers
{
public:
    struct Server
    {
        QUrl url;
        QString name; // what it said it is
        QDateTime lastUsed;
    };

    explicit RecentServers(QString file);

    [[nodiscard]] const QList<Server> &servers() const { return m_servers; }
    void add(const QUrl &url, const QString &name);
    void remove(const QUrl &url);

private:
    void load();
    void save() const;

    QString m_file;
    QList<Server> m_servers;
};

} // namespace farcell
