#pragma once

#include "app/connect/recentservers.h"
#include "app/theme/theme.h"

#include <QListView>
#include <QUrl>

class QStandardItemModel;

namespace farcell {

// Where a notebook can run, at the left of the connect dialog: this computer, servers used before,
// another one. GUI thread.
class PlaceList : public QListView
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(PlaceList)

public:
    enum class Kind
    {
        ThisComputer,
        Recent,
        RecentSsh,
        Ssh,
        Other
    };

    explicit PlaceList(ThemeSource &theme, QWidget *parent = nullptr);

    void setServers(const QList<RecentServers::Server> &servers);
    void select(Kind kind, const QUrl &url = {});
    [[nodiscard]] Kind kind() const;
    [[nodiscard]] QUrl url() const; // of a recent server; "ssh:user@host" of a recent host

signals:
    void placeChanged();
    void forgetRequested(const QUrl &url);

protected:
    void contextMenuEvent(QContextMenuEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void add(const QString &title, const QString &note, const QString &icon, Kind kind,
             const QUrl &url = {});

    QStandardItemModel *m_model;
};

} // namespace farcell
