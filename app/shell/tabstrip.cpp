#include "app/shell/tabstrip.h"

#include "app/theme/theme.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace farcell {

namespace {

constexpr int tabHeight = 36;
constexpr int maxWidth = 240;
constexpr int minWidth = 120;

} // namespace

TabStrip::TabStrip(ThemeSource &theme, QWidget *parent)
    : QTabBar(parent)
    , m_theme(theme)
{
    setMovable(true);
    setExpanding(false);
    setDocumentMode(true);
    setDrawBase(false);
    setElideMode(Qt::ElideRight);
    setUsesScrollButtons(true);
    setMouseTracking(true);
    setFocusPolicy(Qt::TabFocus);
    setAccessibleName(tr("Open files"));
    connect(&theme, &ThemeSource::themeChanged, this, qOverload<>(&QWidget::update));
}

int TabStrip::addPage(QWidget *page, const State &state)
{
    const int index = insertTab(currentIndex() + 1, state.title);
    setTabData(index, QVariant::fromValue(Tab{page, state}));
    setTabState(index, state);
    return index;
}

TabStrip::Tab TabStrip::tab(int index) const
{
    return tabData(index).value<Tab>();
}

void TabStrip::setTabState(int index, const State &state)
{
    setTabData(index, QVariant::fromValue(Tab{pageAt(index), state}));
    setTabText(index, state.title);
    setTabToolTip(index, state.toolTip);
    update();
}

QWidget *TabStrip::pageAt(int index) const
{
    return tab(index).page;
}

int TabStrip::indexOfPage(const QWidget *page) const
{
    for (int i = 0; i < count(); ++i) {
        if (pageAt(i) == page)
            return i;
    }
    return -1;
}

QSize TabStrip::tabSizeHint(int index) const
{
    const int text = QFontMetrics(m_theme.theme().body).horizontalAdvance(tabText(index));
    return {std::clamp(text + 76, minWidth, maxWidth), tabHeight};
}

QRect TabStrip::closeRect(int index) const
{
    const QRect tab = tabRect(index);
    return {tab.right() - 28, tab.center().y() - 9, 20, 20};
}

void TabStrip::paintEvent(QPaintEvent * /*event*/)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    for (int i = 0; i < count(); ++i) {
        if (i != currentIndex())
            paintTab(painter, i);
    }
    if (currentIndex() >= 0)
        paintTab(painter, currentIndex());
}

void TabStrip::paintTab(QPainter &painter, int index) const
{
    const Theme &theme = m_theme.theme();
    const QRect tab = tabRect(index);
    const bool current = index == currentIndex();
    const bool hovered = index == m_hovered;
    const State state = this->tab(index).state;

    painter.setPen(Qt::NoPen);
    if (current)
        painter.fillRect(tab, theme.surface);
    else if (hovered)
        painter.fillRect(tab, theme.hover);
    painter.fillRect(QRect(tab.right(), tab.top(), 1, tab.height()), theme.border);
    if (current)
        painter.fillRect(QRect(tab.left(), tab.top(), tab.width(), 2),
                         hasFocus() ? theme.focusRing : theme.accent);

    const QColor ink = current ? theme.text : theme.textMuted;
    const qreal ratio = devicePixelRatioF();
    painter.drawPixmap(
        QPoint(tab.left() + 12, tab.center().y() - 8),
        m_theme.pixmap(state.icon, current ? theme.accent : theme.textFaint, 18, ratio));
    painter.setPen(ink);
    painter.setFont(theme.body);
    const QRect text = tab.adjusted(38, 0, -34, 0);
    painter.drawText(
        text, Qt::AlignVCenter | Qt::AlignLeft,
        painter.fontMetrics().elidedText(tabText(index), Qt::ElideMiddle, text.width()));

    const QRect close = closeRect(index);
    const bool onClose = hovered && m_closeHovered;
    if (onClose) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.pressed);
        painter.drawRoundedRect(close, 4, 4);
    }
    if (state.modified && !onClose) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(current ? theme.accent : theme.textFaint);
        painter.drawEllipse(QRectF(close).center(), 4, 4);
    } else if (current || hovered) {
        painter.drawPixmap(close.topLeft() + QPoint(2, 2),
                           m_theme.pixmap(QStringLiteral("close"), theme.textMuted, 16, ratio));
    }
}

void TabStrip::mouseMoveEvent(QMouseEvent *event)
{
    QTabBar::mouseMoveEvent(event);
    const QPoint pos = event->position().toPoint();
    m_hovered = tabAt(pos);
    m_closeHovered = m_hovered >= 0 && closeRect(m_hovered).contains(pos);
    update();
}

void TabStrip::leaveEvent(QEvent *event)
{
    QTabBar::leaveEvent(event);
    m_hovered = -1;
    update();
}

void TabStrip::mousePressEvent(QMouseEvent *event)
{
    const QPoint pos = event->position().toPoint();
    const int tab = tabAt(pos);
    const bool onClose = tab >= 0 && closeRect(tab).contains(pos);
    m_closePressed = -1;
    if (event->button() == Qt::MiddleButton || (event->button() == Qt::LeftButton && onClose)) {
        m_closePressed = tab;
        return;
    }
    QTabBar::mousePressEvent(event);
}

void TabStrip::mouseReleaseEvent(QMouseEvent *event)
{
    const QPoint pos = event->position().toPoint();
    const int tab = tabAt(pos);
    if (m_closePressed >= 0) {
        const bool same = tab == m_closePressed;
        m_closePressed = -1;
        if (same && (event->button() == Qt::MiddleButton || closeRect(tab).contains(pos)))
            emit closeRequested(tab);
        return;
    }
    QTabBar::mouseReleaseEvent(event);
}

} // namespace farcell
