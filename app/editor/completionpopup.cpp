#include "app/editor/completionpopup.h"

#include "app/editor/celleditor.h"
#include "app/theme/theme.h"

#include <QKeyEvent>
#include <QListView>
#include <QPainter>
#include <QPainterPath>
#include <QScreen>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include <array>

namespace farcell {

namespace {

constexpr int rowHeight = 24;
constexpr int maxRows = 10;
constexpr int badgeSize = 16;
constexpr int padding = 8;
constexpr int minWidth = 240;
constexpr int maxWidth = 520;

struct Kind
{
    const char *type;
    QChar letter;
    QColor Theme::Syntax::*colour;
};

const std::array kinds{Kind{"function", u'ƒ', &Theme::Syntax::function},
                       Kind{"module", u'M', &Theme::Syntax::decorator},
                       Kind{"class", u'C', &Theme::Syntax::type},
                       Kind{"instance", u'v', &Theme::Syntax::builtin},
                       Kind{"statement", u'v', &Theme::Syntax::builtin},
                       Kind{"keyword", u'k', &Theme::Syntax::keyword},
                       Kind{"param", u'p', &Theme::Syntax::number},
                       Kind{"property", u'a', &Theme::Syntax::number},
                       Kind{"path", u'/', &Theme::Syntax::string},
                       Kind{"magic", u'%', &Theme::Syntax::magic}};

const Kind *kindOf(const QString &type)
{
    for (const Kind &kind : kinds) {
        if (type == QLatin1String(kind.type))
            return &kind;
    }
    return nullptr;
}

} // namespace

class CompletionPopup::Model : public QAbstractListModel
{
public:
    using QAbstractListModel::QAbstractListModel;

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override
    {
        return parent.isValid() ? 0 : static_cast<int>(m_shown.size());
    }
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override
    {
        const CompletionItem &item = at(index.row());
        if (role == Qt::DisplayRole || role == Qt::AccessibleTextRole)
            return item.text;
        return {};
    }
    [[nodiscard]] const CompletionItem &at(int row) const { return m_items[m_shown[row]]; }
    [[nodiscard]] const QString &prefix() const { return m_prefix; }

    void setItems(QList<CompletionItem> items)
    {
        beginResetModel();
        m_items = std::move(items);
        m_shown.clear();
        endResetModel();
    }
    // Exact-case prefixes first, then any-case ones, then names that contain it.
    void filter(const QString &prefix)
    {
        beginResetModel();
        m_prefix = prefix;
        m_shown.clear();
        for (int pass = 0; pass < 3; ++pass) {
            for (int i = 0; i < m_items.size(); ++i) {
                if (passOf(m_items[i].text) == pass)
                    m_shown.append(i);
            }
        }
        endResetModel();
    }

private:
    [[nodiscard]] int passOf(const QString &text) const
    {
        if (text.startsWith(m_prefix))
            return 0;
        if (text.startsWith(m_prefix, Qt::CaseInsensitive))
            return 1;
        return m_prefix.size() > 1 && text.contains(m_prefix, Qt::CaseInsensitive) ? 2 : 3;
    }

    QList<CompletionItem> m_items;
    QList<int> m_shown;
    QString m_prefix;
};

class CompletionPopup::Delegate : public QStyledItemDelegate
{
public:
    Delegate(ThemeSource &theme, const Model &model, QObject *parent)
        : QStyledItemDelegate(parent)
        , m_theme(theme)
        , m_model(model)
    {}

    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override
    {
        return {0, rowHeight};
    }

    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override
    {
        const Theme &t = m_theme.theme();
        const CompletionItem &item = m_model.at(index.row());
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const QRect row = option.rect.adjusted(4, 0, -4, 0);
        const bool current = (option.state & QStyle::State_Selected) != 0;
        if (current || (option.state & QStyle::State_MouseOver) != 0) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(current ? t.accentSoft : t.hover);
            painter->drawRoundedRect(row, 4, 4);
        }
        const Kind *kind = kindOf(item.type);
        const QColor colour = kind ? t.syntax.*(kind->colour) : t.textFaint;
        const QRect badge(row.left() + 4, row.center().y() - badgeSize / 2 + 1, badgeSize,
                          badgeSize);
        QColor soft = colour;
        soft.setAlphaF(0.16F);
        painter->setPen(Qt::NoPen);
        painter->setBrush(soft);
        painter->drawRoundedRect(badge, 4, 4);
        painter->setPen(colour);
        painter->setFont(t.caption);
        painter->drawText(badge, Qt::AlignCenter, kind ? kind->letter : QChar(u'·'));

        QRect text = row.adjusted(4 + badgeSize + padding, 0, -padding, 0);
        const QString note = item.signature.isEmpty() ? item.type : item.signature;
        painter->setFont(t.code);
        const QFontMetrics metrics(t.code);
        const int nameWidth = std::min(metrics.horizontalAdvance(item.text), text.width());
        painter->setPen(t.text);
        painter->drawText(text, Qt::AlignVCenter | Qt::AlignLeft,
                          metrics.elidedText(item.text, Qt::ElideMiddle, text.width()));
        text.setLeft(text.left() + nameWidth + padding * 2);
        painter->setFont(t.caption);
        painter->setPen(t.textFaint);
        painter->drawText(text, Qt::AlignVCenter | Qt::AlignRight,
                          QFontMetrics(t.caption).elidedText(note, Qt::ElideRight, text.width()));
        painter->restore();
    }

private:
    ThemeSource &m_theme;
    const Model &m_model;
};

CompletionPopup::CompletionPopup(ThemeSource &theme, QWidget *parent)
    : QFrame(parent, Qt::ToolTip | Qt::FramelessWindowHint)
    , m_theme(theme)
    , m_model(new Model(this))
    , m_list(new QListView(this))
{
    setAttribute(Qt::WA_ShowWithoutActivating);
    setAttribute(Qt::WA_TranslucentBackground);
    setFocusPolicy(Qt::NoFocus);
    m_list->setModel(m_model);
    m_list->setItemDelegate(new Delegate(theme, *m_model, m_list));
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setUniformItemSizes(true);
    m_list->setMouseTracking(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setAccessibleName(tr("Completions"));
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(1, 4, 1, 4);
    layout->addWidget(m_list);
    connect(m_list, &QListView::clicked, this, &CompletionPopup::accept);
    connect(&theme, &ThemeSource::themeChanged, this, &CompletionPopup::applyTheme);
    applyTheme();
}

CompletionPopup::~CompletionPopup() = default;

void CompletionPopup::applyTheme()
{
    m_list->setStyleSheet(QStringLiteral("QListView{background:transparent;border:none;}"));
    update();
}

void CompletionPopup::open(CellEditor &editor, QList<CompletionItem> items, int start, bool asked)
{
    dismiss();
    if (items.isEmpty() || editor.caret() < start)
        return;
    m_editor = &editor;
    m_start = start;
    m_chosen = asked;
    m_model->setItems(std::move(items));
    connect(&editor, &CellEditor::caretMoved, this, &CompletionPopup::refilter);
    connect(&editor, &CellEditor::focusChanged, this, [this](bool focused) {
        if (!focused)
            dismiss();
    });
    m_model->filter(editor.textRange(start, editor.caret()));
    if (asked && m_model->rowCount() == 1) {
        accept(m_model->index(0));
        return;
    }
    refilter();
}

void CompletionPopup::dismiss()
{
    if (m_editor)
        m_editor->disconnect(this);
    m_editor = nullptr;
    hide();
}

bool CompletionPopup::isOpenFor(const CellEditor *editor) const
{
    return m_editor && m_editor == editor && isVisible();
}

QStringList CompletionPopup::shownTexts() const
{
    QStringList texts;
    for (int row = 0; row < m_model->rowCount(); ++row)
        texts.append(m_model->at(row).text);
    return texts;
}

void CompletionPopup::refilter()
{
    if (!m_editor)
        return;
    const int caret = m_editor->caret();
    if (caret < m_start) {
        dismiss();
        return;
    }
    const QString prefix = m_editor->textRange(m_start, caret);
    m_model->filter(prefix);
    const bool done = m_model->rowCount() == 0 ||
                      (m_model->rowCount() == 1 && m_model->at(0).text == prefix) ||
                      prefix.contains(u'\n');
    if (done) {
        dismiss();
        return;
    }
    m_list->setCurrentIndex(m_model->index(0));
    place();
}

void CompletionPopup::place()
{
    const QFontMetrics code(m_theme.theme().code);
    const QFontMetrics caption(m_theme.theme().caption);
    int width = minWidth;
    const int rows = std::min(m_model->rowCount(), maxRows);
    for (int row = 0; row < std::min(m_model->rowCount(), 200); ++row) {
        const CompletionItem &item = m_model->at(row);
        const QString &note = item.signature.isEmpty() ? item.type : item.signature;
        width = std::max(width, code.horizontalAdvance(item.text) +
                                    std::min(caption.horizontalAdvance(note), 160) + 80);
    }
    resize(std::min(width, maxWidth), rows * rowHeight + 10);

    const QRect caret = m_editor->caretRect();
    const int indent = code.horizontalAdvance(m_model->prefix()) + badgeSize + padding + 9;
    QPoint at = m_editor->viewport()->mapToGlobal(QPoint(caret.x() - indent, caret.bottom() + 3));
    const QRect screen = m_editor->screen()->availableGeometry();
    if (at.y() + height() > screen.bottom())
        at.setY(m_editor->viewport()->mapToGlobal(caret.topLeft()).y() - height() - 3);
    at.setX(std::clamp(at.x(), screen.left(), std::max(screen.left(), screen.right() - width)));
    QWidget::move(at);
    show();
    raise();
}

bool CompletionPopup::wantsKey(const QKeyEvent *event)
{
    switch (event->key()) {
    case Qt::Key_Up:
    case Qt::Key_Down:
    case Qt::Key_PageUp:
    case Qt::Key_PageDown:
    case Qt::Key_Tab:
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Escape:
        return (event->modifiers() & ~Qt::KeypadModifier) == 0;
    default:
        return false;
    }
}

bool CompletionPopup::handleKey(QKeyEvent *event)
{
    if (!wantsKey(event))
        return false;
    switch (event->key()) {
    case Qt::Key_Up:
        move(-1);
        return true;
    case Qt::Key_Down:
        move(1);
        return true;
    case Qt::Key_PageUp:
        move(1 - maxRows);
        return true;
    case Qt::Key_PageDown:
        move(maxRows - 1);
        return true;
    case Qt::Key_Escape:
        dismiss();
        return true;
    default:
        break;
    }
    accept(m_list->currentIndex());
    return true;
}

void CompletionPopup::move(int rows)
{
    m_chosen = true;
    const int count = m_model->rowCount();
    if (count == 0)
        return;
    int row = m_list->currentIndex().row() + rows;
    if (std::abs(rows) == 1)
        row = (row + count) % count;
    m_list->setCurrentIndex(m_model->index(std::clamp(row, 0, count - 1)));
}

void CompletionPopup::accept(const QModelIndex &index)
{
    const QPointer<CellEditor> editor = m_editor;
    if (!editor || !index.isValid()) {
        dismiss();
        return;
    }
    const QString text = m_model->at(index.row()).text;
    const int start = m_start;
    dismiss();
    const int caret = editor->caret();
    if (editor->textRange(start, caret) == text)
        return;
    editor->select(start, caret - start);
    editor->replaceSelections(text);
}

// Without a compositor a translucent window has black corners: cut them off as well.
void CompletionPopup::resizeEvent(QResizeEvent *event)
{
    QFrame::resizeEvent(event);
    QPainterPath outline;
    outline.addRoundedRect(QRectF(rect()), Theme::radius, Theme::radius);
    setMask(outline.toFillPolygon().toPolygon());
}

void CompletionPopup::paintEvent(QPaintEvent *)
{
    const Theme &t = m_theme.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(t.border);
    painter.setBrush(t.surfaceRaised);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), Theme::radius,
                            Theme::radius);
}

} // namespace farcell
