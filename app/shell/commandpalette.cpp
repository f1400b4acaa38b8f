#include "app/shell/commandpalette.h"

#include "app/shell/commandregistry.h"
#include "app/shell/fuzzy.h"
#include "app/shell/keymap.h"
#include "app/theme/theme.h"

#include <QApplication>
#include <QGraphicsDropShadowEffect>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QPointer>
#include <QStandardItemModel>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include <algorithm>

namespace farcell {

namespace {

enum Role
{
    IdRole = Qt::UserRole + 1,
    GroupRole,
    KeysRole,
    HitsRole,
    IconRole
};

constexpr int rowHeight = 36;
constexpr int maxRows = 10;

// One row: icon, title with the typed letters in bold, menu name, keys at the right.
class RowDelegate : public QStyledItemDelegate
{
public:
    RowDelegate(ThemeSource &theme, QObject *parent)
        : QStyledItemDelegate(parent)
        , m_theme(theme)
    {}

    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem & /*option*/,
                                 const QModelIndex & /*index*/) const override
    {
        return {200, rowHeight};
    }

    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override
    {
        const Theme &theme = m_theme.theme();
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const QRect row = option.rect.adjusted(8, 1, -8, -1);
        if (option.state.testFlag(QStyle::State_Selected)) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(theme.accentSoft);
            painter->drawRoundedRect(row, 6, 6);
        }
        const QString icon = index.data(IconRole).toString();
        if (!icon.isEmpty())
            m_theme.icon(icon).paint(painter, {row.left() + 8, row.center().y() - 9, 20, 20});
        const int right = paintKeys(*painter, row, index.data(KeysRole).toStringList());
        paintTitle(*painter, {row.left() + 40, row.top(), right - row.left() - 48, row.height()},
                   index);
        painter->restore();
    }

private:
    int paintKeys(QPainter &painter, const QRect &row, const QStringList &keys) const
    {
        const Theme &theme = m_theme.theme();
        int right = row.right() - 8;
        painter.setFont(theme.caption);
        for (qsizetype i = keys.size() - 1; i >= 0; --i) { // from the right
            const int width = painter.fontMetrics().horizontalAdvance(keys[i]) + 12;
            const QRectF box(right - width + 0.5, row.center().y() - 9.5, width, 20);
            painter.setPen(theme.border);
            painter.setBrush(theme.surfaceSunken);
            painter.drawRoundedRect(box, 4, 4);
            painter.setPen(theme.textMuted);
            painter.drawText(box, Qt::AlignCenter, keys[i]);
            right -= width + 4;
        }
        return right;
    }

    void paintTitle(QPainter &painter, const QRect &area, const QModelIndex &index) const
    {
        const Theme &theme = m_theme.theme();
        const QString title = index.data(Qt::DisplayRole).toString();
        const auto hits = index.data(HitsRole).value<QList<int>>();
        int x = area.left();
        const int baseline = area.center().y() + QFontMetrics(theme.body).capHeight() / 2 + 1;
        qsizetype i = 0;
        while (i < title.size()) { // runs of the same weight
            const bool hit = hits.contains(int(i));
            qsizetype end = i;
            while (end < title.size() && hits.contains(int(end)) == hit)
                ++end;
            const QString run = title.mid(i, end - i);
            painter.setFont(hit ? theme.bodyStrong : theme.body);
            painter.setPen(hit ? theme.accent : theme.text);
            painter.drawText(x, baseline, run);
            x += painter.fontMetrics().horizontalAdvance(run);
            i = end;
        }
        painter.setFont(theme.body);
        painter.setPen(theme.textFaint);
        const QString group = index.data(GroupRole).toString();
        if (x + 12 < area.right())
            painter.drawText(
                x + 12, baseline,
                painter.fontMetrics().elidedText(group, Qt::ElideRight, area.right() - x - 12));
    }

    ThemeSource &m_theme;
};

} // namespace

CommandPalette::CommandPalette(CommandRegistry &commands, Keymap &keymap, ThemeSource &theme,
                               QWidget *window)
    : QFrame(window)
    , m_commands(commands)
    , m_keymap(keymap)
    , m_theme(theme)
    , m_input(new QLineEdit(this))
    , m_list(new QListView(this))
    , m_model(new QStandardItemModel(this))
{
    setObjectName(QStringLiteral("palette"));
    auto *searchIcon = new QLabel(this);
    searchIcon->setPixmap(
        theme.pixmap(QStringLiteral("search"), theme.theme().textMuted, 20, devicePixelRatioF()));
    m_input->setProperty("kind", QStringLiteral("bare"));
    m_input->setPlaceholderText(tr("Type the name of a command"));
    m_input->setAccessibleName(tr("Command"));
    m_list->setModel(m_model);
    m_list->setItemDelegate(new RowDelegate(theme, m_list));
    m_list->setProperty("kind", QStringLiteral("panel"));
    m_list->setUniformItemSizes(true);
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);

    auto *top = new QHBoxLayout;
    top->setContentsMargins(18, 10, 16, 10);
    top->addWidget(searchIcon);
    top->addWidget(m_input, 1);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(1, 1, 1, 8);
    layout->setSpacing(0);
    layout->addLayout(top);
    layout->addWidget(m_list);

    auto *shadow = new QGraphicsDropShadowEffect(this);
    shadow->setBlurRadius(32);
    shadow->setOffset(0, 8);
    shadow->setColor(QColor(0, 0, 0, 90));
    setGraphicsEffect(shadow);

    connect(m_input, &QLineEdit::textChanged, this, &CommandPalette::fill);
    connect(m_list, &QListView::clicked, this, &CommandPalette::accept);
    connect(&commands, &CommandRegistry::triggered, this, [this](const QString &id) {
        m_recent.removeAll(id);
        m_recent.prepend(id);
    });
    m_input->installEventFilter(this);
    window->installEventFilter(this);
    hide();
}

void CommandPalette::open()
{
    if (isVisible()) {
        dismiss();
        return;
    }
    m_focusBefore = QApplication::focusWidget();
    m_input->clear();
    fill({});
    place();
    show();
    raise();
    m_input->setFocus();
}

void CommandPalette::setFilter(const QString &text)
{
    m_input->setText(text);
}

QStringList CommandPalette::shownCommands() const
{
    QStringList ids;
    for (int row = 0; row < m_model->rowCount(); ++row)
        ids.append(m_model->index(row, 0).data(IdRole).toString());
    return ids;
}

void CommandPalette::fill(const QString &pattern)
{
    struct Row
    {
        const Command *command;
        FuzzyMatch match;
        int recency;
    };
    std::vector<Row> rows;
    for (const Command &command : m_commands.all()) {
        if (command.id == QStringLiteral("tools.palette") || !m_commands.isEnabled(command.id))
            continue;
        FuzzyMatch match = fuzzyMatch(pattern, command.title);
        if (match.score == 0) { // "runtime restart": the menu's name counts too, but less
            match.score =
                fuzzyMatch(pattern, command.group + QLatin1Char(' ') + command.title).score / 4;
        }
        const auto recent = m_recent.indexOf(command.id);
        if (match.score > 0)
            rows.push_back({&command, match, recent < 0 ? 1000 : int(recent)});
    }
    std::stable_sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) {
        return a.match.score != b.match.score ? a.match.score > b.match.score
                                              : a.recency < b.recency;
    });

    m_model->clear();
    for (const Row &row : rows) {
        auto *item = new QStandardItem(row.command->title);
        item->setData(row.command->id, IdRole);
        item->setData(row.command->group, GroupRole);
        item->setData(row.command->icon, IconRole);
        item->setData(QVariant::fromValue(row.match.positions), HitsRole);
        const QString keys = Keymap::text(m_keymap.shownKeys(row.command->id));
        if (!keys.isEmpty())
            item->setData(keys.split(QLatin1Char(' ')), KeysRole);
        m_model->appendRow(item);
    }
    m_list->setCurrentIndex(m_model->index(0, 0));
    m_list->setFixedHeight(rowHeight * std::clamp(m_model->rowCount(), 1, maxRows));
    place();
}

void CommandPalette::place()
{
    const QWidget *window = parentWidget();
    const int width = std::min(640, window->width() - 48);
    setFixedWidth(width);
    adjustSize();
    move((window->width() - width) / 2, 72);
}

void CommandPalette::accept()
{
    const QString id = m_list->currentIndex().data(IdRole).toString();
    dismiss();
    m_commands.trigger(id);
}

void CommandPalette::dismiss()
{
    hide();
    if (m_focusBefore)
        m_focusBefore->setFocus();
    m_focusBefore = nullptr;
}

bool CommandPalette::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == parentWidget()) {
        if (event->type() == QEvent::Resize && isVisible())
            place();
        return false;
    }
    if (event->type() == QEvent::FocusOut && isVisible()) {
        m_focusBefore = nullptr; // the person went elsewhere
        hide();
        return false;
    }
    if (event->type() != QEvent::KeyPress)
        return false;
    auto *key = static_cast<QKeyEvent *>(event);
    switch (key->key()) {
    case Qt::Key_Escape:
        dismiss();
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        accept();
        return true;
    case Qt::Key_Up:
    case Qt::Key_Down:
    case Qt::Key_PageUp:
    case Qt::Key_PageDown:
        QApplication::sendEvent(m_list, event);
        return true;
    default:
        return false;
    }
}

void CommandPalette::paintEvent(QPaintEvent * /*event*/)
{
    const Theme &theme = m_theme.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(theme.dark ? theme.borderStrong : theme.border);
    painter.setBrush(theme.surfaceRaised);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 10, 10);
    painter.setPen(theme.border);
    const int y = m_list->y() - 1;
    painter.drawLine(1, y, width() - 2, y);
}

} // namespace farcell
