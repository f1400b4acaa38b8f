#include "app/connect/kernellist.h"

#include "app/connect/rowdelegate.h"

#include <QHash>
#include <QLocale>
#include <QStandardItemModel>

#include <algorithm>

namespace farcell {

namespace {

enum Role
{
    SpecRole = RowDelegate::FirstFreeRole,
    KernelIdRole,
    KernelNameRole
};

// "Py", "R", "Ju": enough to tell languages apart at a glance.
QString badgeOf(const RemoteKernelSpec &spec)
{
    QString word = spec.language.isEmpty() ? spec.displayName : spec.language;
    word = word.left(word.size() == 1 ? 1 : 2);
    return word.left(1).toUpper() + word.mid(1).toLower();
}

QString ago(const QDateTime &time)
{
    if (!time.isValid())
        return {};
    const qint64 seconds = time.secsTo(QDateTime::currentDateTimeUtc());
    if (seconds < 90)
        return KernelList::tr("active now");
    if (seconds < 5400)
        return KernelList::tr("active %1 min ago").arg(seconds / 60);
    if (seconds < 129600)
        return KernelList::tr("active %1 h ago").arg(seconds / 3600);
    return KernelList::tr("active %1")
        .arg(QLocale().toString(time.toLocalTime().date(), QLocale::ShortFormat));
}

QString stateWord(const QString &state)
{
    if (state == QLatin1String("busy"))
        return KernelList::tr("busy");
    if (state == QLatin1String("idle"))
        return KernelList::tr("idle");
    if (state == QLatin1String("dead"))
        return KernelList::tr("dead");
    return KernelList::tr("starting");
}

QStandardItem *heading(const QString &text)
{
    auto *const item = new QStandardItem(text);
    item->setData(true, RowDelegate::HeadingRole);
    item->setFlags(Qt::NoItemFlags);
    return item;
}

} // namespace

KernelList::KernelList(ThemeSource &theme, QWidget *parent)
    : QListView(parent)
    , m_model(new QStandardItemModel(this))
{
    setModel(m_model);
    setItemDelegate(new RowDelegate(theme, this));
    setProperty("kind", QStringLiteral("panel"));
    setMouseTracking(true);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setEditTriggers(NoEditTriggers);
    setAccessibleName(tr("Kernels"));
    connect(this, &QListView::activated, this, [this](const QModelIndex &index) {
        if (const KernelChoice made = choiceAt(index); !made.isEmpty())
            emit choiceMade(made);
    });
    connect(selectionModel(), &QItemSelectionModel::currentChanged, this,
            &KernelList::choiceChanged);
    connect(&theme, &ThemeSource::themeChanged, viewport(), qOverload<>(&QWidget::update));
}

void KernelList::clear()
{
    m_model->clear();
}

void KernelList::setState(const ServerState &state, const QString &wanted, const KernelId &current)
{
    m_model->clear();
    addSpecs(state);
    addRunning(state, current);

    const QString preferred = wanted.isEmpty() ? state.specs.defaultName : wanted;
    QModelIndex selected;
    for (int row = 0; row < m_model->rowCount(); ++row) {
        const QModelIndex index = m_model->index(row, 0);
        const bool isCurrent = index.data(RowDelegate::CheckedRole).toBool();
        const bool isPreferred =
            index.data(SpecRole).toString().compare(preferred, Qt::CaseInsensitive) == 0;
        if (isCurrent || (isPreferred && !selected.isValid()))
            selected = index;
    }
    if (!selected.isValid() && m_model->rowCount() > 1)
        selected = m_model->index(1, 0); // behind the heading
    setCurrentIndex(selected);
}

void KernelList::addSpecs(const ServerState &state)
{
    if (state.specs.specs.isEmpty())
        return;
    m_model->appendRow(heading(tr("Start a new kernel")));
    for (const RemoteKernelSpec &spec : state.specs.specs) {
        auto *const item = new QStandardItem(spec.displayName);
        const QString note = spec.name == state.specs.defaultName
                                 ? tr("%1, the server's default").arg(spec.name)
                                 : spec.name;
        item->setData(note, RowDelegate::NoteRole);
        item->setData(badgeOf(spec), RowDelegate::BadgeRole);
        item->setData(spec.name, SpecRole);
        item->setToolTip(spec.language);
        m_model->appendRow(item);
    }
}

void KernelList::addRunning(const ServerState &state, const KernelId &current)
{
    if (state.kernels.isEmpty())
        return;
    QHash<KernelId, QString> pathOf;
    for (const RemoteSession &session : state.sessions)
        pathOf.insert(session.kernel.id, session.path);
    QHash<QString, QString> titleOf;
    for (const RemoteKernelSpec &spec : state.specs.specs)
        titleOf.insert(spec.name, spec.displayName);

    m_model->appendRow(heading(tr("Use a running kernel")));
    QList<RemoteKernel> kernels = state.kernels;
    std::sort(kernels.begin(), kernels.end(), [](const RemoteKernel &a, const RemoteKernel &b) {
        return a.lastActivity > b.lastActivity;
    });
    for (const RemoteKernel &kernel : kernels) {
        const QString path = pathOf.value(kernel.id);
        const QString kind = titleOf.value(kernel.name, kernel.name);
        auto *const item = new QStandardItem(path.isEmpty() ? kind : path);
        QStringList note{stateWord(kernel.executionState)};
        if (!path.isEmpty())
            note.prepend(kind);
        if (const QString when = ago(kernel.lastActivity); !when.isEmpty())
            note << when;
        item->setData(note.join(QStringLiteral(" · ")), RowDelegate::NoteRole);
        item->setData(kernel.executionState.isEmpty() ? QStringLiteral("unknown")
                                                      : kernel.executionState,
                      RowDelegate::DotRole);
        item->setData(kernel.id == current, RowDelegate::CheckedRole);
        item->setData(kernel.id.toString(), KernelIdRole);
        item->setData(kernel.name, KernelNameRole);
        m_model->appendRow(item);
    }
}

KernelChoice KernelList::choiceAt(const QModelIndex &index) const
{
    return {index.data(SpecRole).toString(), KernelId(index.data(KernelIdRole).toString()),
            index.data(KernelNameRole).toString()};
}

KernelChoice KernelList::choice() const
{
    return choiceAt(currentIndex());
}

int KernelList::contentHeight() const
{
    int height = 0;
    for (int row = 0; row < m_model->rowCount(); ++row)
        height += sizeHintForRow(row);
    return height;
}

} // namespace farcell
