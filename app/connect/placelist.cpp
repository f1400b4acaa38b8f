#include "app/connect/placelist.h"

#include "app/connect/rowdelegate.h"

#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QSignalBlocker>
#include <QStandardItemModel>

namespace farcell {

namespace {

enum Role
{
    KindRole = RowDelegate::FirstFreeRole,
    UrlRole
};

} // namespace

PlaceList::PlaceList(ThemeSource &theme, QWidget *parent)
    : QListView(parent)
    , m_model(new QStandardItemModel(this))
{
    setModel(m_model);
    setItemDelegate(new RowDelegate(theme, this));
    setProperty("kind", QStringLiteral("panel"));
    setMouseTracking(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setEditTriggers(NoEditTriggers);
    setAccessibleName(tr("Where to run"));
    connect(selectionModel(), &QItemSelectionModel::currentChanged, this, &PlaceList::placeChanged);
    connect(&theme, &ThemeSource::themeChanged, viewport(), qOverload<>(&QWidget::update));
}

void PlaceList::add(const QString &title, const QString &note, const QString &icon, Kind kind,
                    const QUrl &url)
{
    auto *const item = new QStandardItem(title);
    item->setData(note, RowDelegate::NoteRole);
    item->setData(icon, RowDelegate::IconRole);
    item->setData(static_cast<int>(kind), KindRole);
    item->setData(url, UrlRole);
    m_model->appendRow(item);
}

void PlaceList::setServers(const QList<RecentServers::Server> &servers)
{
    const QSignalBlocker quiet(selectionModel());
    m_model->clear();
    add(tr("This computer"), tr("Nothing to set up"), QStringLiteral("computer"),
        Kind::ThisComputer);
    for (const RecentServers::Server &server : servers) {
        if (server.url.scheme() == QLatin1String("ssh")) {
            add(server.url.path(), tr("Over SSH"), QStringLiteral("server"), Kind::RecentSsh,
                server.url);
            continue;
        }
        QString title = server.url.host();
        if (server.url.port() > 0)
            title += u':' + QString::number(server.url.port());
        add(title, server.name, QStringLiteral("server"), Kind::Recent, server.url);
    }
    add(tr("A host over SSH"), tr("Needs only a log-in"), QStringLiteral("key"), Kind::Ssh);
    add(tr("Another server"), tr("Address and token"), QStringLiteral("link"), Kind::Other);
}

void PlaceList::select(Kind kind, const QUrl &url)
{
    for (int row = 0; row < m_model->rowCount(); ++row) {
        const QModelIndex index = m_model->index(row, 0);
        if (index.data(KindRole).toInt() == static_cast<int>(kind) &&
            index.data(UrlRole).toUrl() == url)
            setCurrentIndex(index);
    }
}

PlaceList::Kind PlaceList::kind() const
{
    return static_cast<Kind>(currentIndex().data(KindRole).toInt());
}

QUrl PlaceList::url() const
{
    return currentIndex().data(UrlRole).toUrl();
}

void PlaceList::contextMenuEvent(QContextMenuEvent *event)
{
    const QModelIndex index =
        event->reason() == QContextMenuEvent::Keyboard ? currentIndex() : indexAt(event->pos());
    const QUrl url = index.data(UrlRole).toUrl();
    if (url.isEmpty())
        return;
    auto *const menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(url.scheme() == QLatin1String("ssh")
                        ? tr("Remove from this list")
                        : tr("Remove from this list, with its token"),
                    this, [this, url] { emit forgetRequested(url); });
    menu->popup(event->globalPos());
}

void PlaceList::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Delete && !url().isEmpty()) {
        emit forgetRequested(url());
        return;
    }
    QListView::keyPressEvent(event);
}

} // namespace farcell
