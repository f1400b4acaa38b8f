#include "app/panels/sessionlist.h"

#include "app/panels/durations.h"

#include <QLocale>
#include <QPainter>

namespace farcell {

namespace {

constexpr int rowHeight = 66;
constexpr int headingHeight = 32;

QString stateText(const KernelSummary &kernel)
{
    if (kernel.state == QLatin1String("busy"))
        return SessionList::tr("busy");
    if (kernel.state == QLatin1String("dead"))
        return SessionList::tr("dead");
    if (kernel.state == QLatin1String("idle"))
        return kernel.idleSeconds >= 5
                   ? SessionList::tr("idle %1").arg(roughText(kernel.idleSeconds))
                   : SessionList::tr("idle");
    return kernel.state.isEmpty() ? SessionList::tr("state not known")
                                  : SessionList::tr("starting");
}

QString figures(const KernelSummary &kernel)
{
    const QLocale locale;
    QStringList parts;
    if (kernel.residentBytes >= 0)
        parts << locale.formattedDataSize(kernel.residentBytes, 0);
    if (kernel.gpuBytes > 0)
        parts << SessionList::tr("%1 on the GPU").arg(locale.formattedDataSize(kernel.gpuBytes, 1));
    if (kernel.clients >= 0)
        parts << (kernel.clients == 1 ? SessionList::tr("1 client")
                                      : SessionList::tr("%1 clients").arg(kernel.clients));
    if (kernel.queued > 0)
        parts << SessionList::tr("%1 queued").arg(kernel.queued);
    return parts.join(QStringLiteral("  ·  "));
}

} // namespace

SessionList::SessionList(ThemeSource &theme, QWidget *parent)
    : QListWidget(parent)
{
    setItemDelegate(new SessionRowDelegate(theme, *this));
    setProperty("kind", QStringLiteral("panel"));
    setAccessibleName(tr("Sessions"));
    setMouseTracking(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(ScrollPerPixel);
    setContextMenuPolicy(Qt::CustomContextMenu);
    connect(&theme, &ThemeSource::themeChanged, viewport(), qOverload<>(&QWidget::update));
}

void SessionList::setRows(const QList<Row> &rows)
{
    const Row *before = selected();
    const KernelId kept = before ? before->kernel.id : KernelId();
    m_rows = rows;
    while (count() > int(rows.size()))
        delete takeItem(count() - 1);
    while (count() < int(rows.size()))
        addItem(new QListWidgetItem);
    int select = -1;
    for (int i = 0; i < count(); ++i) {
        const Row &row = rows.at(i);
        item(i)->setText(row.text);
        item(i)->setToolTip(row.isHeading ? QString() : row.kernel.path);
        item(i)->setData(Qt::AccessibleDescriptionRole, row.isHeading ? QString() : note(row));
        item(i)->setFlags(row.isHeading ? Qt::NoItemFlags
                                        : Qt::ItemIsEnabled | Qt::ItemIsSelectable);
        // The delegate's height depends on what the row is.
        item(i)->setSizeHint({160, row.isHeading ? headingHeight : rowHeight});
        if (!kept.isEmpty() && row.kernel.id == kept)
            select = i;
    }
    setCurrentRow(select);
    viewport()->update();
}

const SessionList::Row *SessionList::rowAt(int row) const
{
    return row >= 0 && row < int(m_rows.size()) ? &m_rows.at(row) : nullptr;
}

const SessionList::Row *SessionList::selected() const
{
    const Row *row = rowAt(currentRow());
    return row && !row->isHeading ? row : nullptr;
}

QString SessionList::note(const Row &row)
{
    return row.kernelTitle + QStringLiteral("  ·  ") + stateText(row.kernel) +
           QStringLiteral("  ·  ") + figures(row.kernel);
}

SessionRowDelegate::SessionRowDelegate(ThemeSource &theme, SessionList &list)
    : QStyledItemDelegate(&list)
    , m_theme(theme)
    , m_list(list)
{}

QSize SessionRowDelegate::sizeHint(const QStyleOptionViewItem & /*option*/,
                                   const QModelIndex &index) const
{
    const SessionList::Row *row = m_list.rowAt(index.row());
    return {160, row && row->isHeading ? headingHeight : rowHeight};
}

void SessionRowDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                               const QModelIndex &index) const
{
    const SessionList::Row *row = m_list.rowAt(index.row());
    if (!row)
        return;
    const Theme &theme = m_theme.theme();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    if (row->isHeading) {
        QFont font = theme.caption;
        font.setWeight(QFont::DemiBold);
        painter->setFont(font);
        painter->setPen(theme.textMuted);
        painter->drawText(option.rect.adjusted(12, 8, -12, 0), Qt::AlignVCenter, row->text);
        painter->restore();
        return;
    }
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    const QRectF frame = QRectF(option.rect).adjusted(4, 1, -4, -1);
    painter->setPen(selected && m_list.hasFocus() ? QPen(theme.focusRing, 1.5) : QPen(Qt::NoPen));
    painter->setBrush(selected                                         ? theme.accentSoft
                      : option.state.testFlag(QStyle::State_MouseOver) ? theme.hover
                                                                       : QColor(Qt::transparent));
    painter->drawRoundedRect(frame, Theme::radius, Theme::radius);

    QColor dot = theme.textFaint;
    if (row->kernel.state == QLatin1String("idle"))
        dot = theme.success;
    else if (row->kernel.state == QLatin1String("busy"))
        dot = theme.accent;
    else if (row->kernel.state == QLatin1String("dead"))
        dot = theme.danger;
    painter->setPen(Qt::NoPen);
    painter->setBrush(dot);
    painter->drawEllipse(QPointF(option.rect.left() + 18, option.rect.top() + 18), 4, 4);

    const int left = option.rect.left() + 32;
    const int width = option.rect.right() - left - 12;
    const auto line = [&](int y, const QFont &font, const QColor &colour, const QString &text) {
        painter->setFont(font);
        painter->setPen(colour);
        painter->drawText(QRect(left, option.rect.top() + y, width, 18), Qt::AlignVCenter,
                          painter->fontMetrics().elidedText(text, Qt::ElideRight, width));
    };
    line(9, row->isCurrent ? theme.bodyStrong : theme.body, theme.text, row->text);
    line(27, theme.caption, theme.textMuted,
         row->kernelTitle + QStringLiteral("  ·  ") + stateText(row->kernel));
    line(42, theme.caption, theme.textMuted, figures(row->kernel));
    painter->restore();
}

} // namespace farcell
