#include "app/celllist/celltoolbar.h"

#include "app/theme/theme.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QToolButton>

namespace farcell {

namespace {

constexpr int buttonSize = 28;
constexpr int iconSize = 16;

QString buttonStyle(const Theme &t, const char *padding)
{
    return QStringLiteral("QToolButton{background:transparent;border:none;border-radius:4px;"
                          "color:%3;padding:%4;}"
                          "QToolButton:hover{background:%1;}QToolButton:pressed{background:%2;}")
        .arg(t.hover.name(), t.pressed.name(), t.textMuted.name(), QLatin1String(padding));
}

void paintCard(QWidget &widget, const Theme &t)
{
    QPainter painter(&widget);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(t.surfaceRaised);
    painter.setPen(QPen(t.border, 1));
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(0.5, 0.5, -0.5, -0.5), Theme::radius,
                            Theme::radius);
}

} // namespace

CellToolbar::CellToolbar(ThemeSource &theme, QWidget *parent)
    : QWidget(parent)
    , m_theme(theme)
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(2, 2, 2, 2);
    layout->setSpacing(0);
    m_changing = {
        addButton(QStringLiteral("up"), tr("Move cell up"), QStringLiteral("cell.moveUp")),
        addButton(QStringLiteral("down"), tr("Move cell down"), QStringLiteral("cell.moveDown"))};
    m_edit = addButton(QStringLiteral("edit"), tr("Edit text"), QStringLiteral("edit"));
    m_render = addButton(QStringLiteral("check"), tr("Done editing"), QStringLiteral("render"));
    m_changing.append(
        addButton(QStringLiteral("trash"), tr("Delete cell"), QStringLiteral("cell.delete")));
    QToolButton *more = addButton(QStringLiteral("more"), tr("More actions"), {});
    connect(more, &QToolButton::clicked, this, [this, more] {
        emit menuRequested(m_cell, more->mapToGlobal(more->rect().bottomLeft()));
    });
    connect(&theme, &ThemeSource::themeChanged, this, &CellToolbar::applyTheme);
    setCursor(Qt::ArrowCursor);
    applyTheme();
}

QToolButton *CellToolbar::addButton(const QString &icon, const QString &text,
                                    const QString &command)
{
    auto *button = new QToolButton(this);
    button->setFixedSize(buttonSize, buttonSize - 2);
    button->setIconSize({iconSize, iconSize});
    button->setToolTip(text);
    button->setAccessibleName(text);
    button->setFocusPolicy(Qt::NoFocus);
    layout()->addWidget(button);
    m_buttons.append({button, icon});
    if (!command.isEmpty())
        connect(button, &QToolButton::clicked, this,
                [this, command] { emit commandRequested(m_cell, command); });
    return button;
}

void CellToolbar::setCell(const CellId &id, CellKind kind, bool editing, bool readOnly)
{
    m_cell = id;
    for (QToolButton *button : std::as_const(m_changing))
        button->setVisible(!readOnly);
    m_edit->setVisible(kind == CellKind::Markdown && !editing && !readOnly);
    m_render->setVisible(kind == CellKind::Markdown && editing);
    adjustSize();
}

void CellToolbar::applyTheme()
{
    const Theme &t = m_theme.theme();
    for (const auto &[button, icon] : std::as_const(m_buttons)) {
        button->setIcon(m_theme.icon(icon));
        button->setStyleSheet(buttonStyle(t, "0"));
    }
    update();
}

void CellToolbar::paintEvent(QPaintEvent *)
{
    paintCard(*this, m_theme.theme());
}

InsertBar::InsertBar(ThemeSource &theme, QWidget *parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_code(new QToolButton(this))
    , m_text(new QToolButton(this))
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(2, 2, 2, 2);
    layout->setSpacing(2);
    m_code->setText(tr("Code"));
    m_code->setAccessibleName(tr("Insert code cell here"));
    m_text->setText(tr("Text"));
    m_text->setAccessibleName(tr("Insert text cell here"));
    for (QToolButton *button : {m_code, m_text}) {
        button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        button->setIconSize({12, 12});
        button->setFixedHeight(barHeight - 4);
        button->setFocusPolicy(Qt::NoFocus);
        button->setToolTip(button->accessibleName());
        layout->addWidget(button);
    }
    connect(m_code, &QToolButton::clicked, this,
            [this] { emit insertRequested(m_index, CellKind::Code); });
    connect(m_text, &QToolButton::clicked, this,
            [this] { emit insertRequested(m_index, CellKind::Markdown); });
    connect(&theme, &ThemeSource::themeChanged, this, &InsertBar::applyTheme);
    setCursor(Qt::ArrowCursor);
    setMouseTracking(true);
    applyTheme();
}

void InsertBar::applyTheme()
{
    const Theme &t = m_theme.theme();
    for (QToolButton *button : {m_code, m_text}) {
        button->setIcon(m_theme.icon(QStringLiteral("plus"), t.textMuted));
        button->setFont(t.caption);
        button->setStyleSheet(buttonStyle(t, "0 8px"));
    }
    adjustSize();
    update();
}

void InsertBar::paintEvent(QPaintEvent *)
{
    paintCard(*this, m_theme.theme());
}

} // namespace farcell
