#include "app/shell/connectbutton.h"

#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace farcell {

namespace {

constexpr int arrowWidth = 26;
constexpr int maxTextWidth = 200;

} // namespace

ConnectButton::ConnectButton(ThemeSource &theme, QWidget *parent)
    : QToolButton(parent)
    , m_theme(theme)
{
    setFocusPolicy(Qt::TabFocus);
    setAttribute(Qt::WA_Hover);
    connect(&theme, &ThemeSource::themeChanged, this, qOverload<>(&QWidget::update));
    connect(this, &QToolButton::clicked, this, [this] {
        if (m_state == State::Disconnected)
            emit connectRequested();
        else
            showMenu();
    });
}

void ConnectButton::setState(State state, const QString &text, const QString &toolTip)
{
    m_state = state;
    setText(text);
    setToolTip(toolTip);
    setAccessibleName(text);
    updateGeometry();
    update();
}

QSize ConnectButton::sizeHint() const
{
    const int text = QFontMetrics(m_theme.theme().body).horizontalAdvance(this->text());
    return {std::min(text, maxTextWidth) + 34 + arrowWidth, 30};
}

QColor ConnectButton::dotColour() const
{
    const Theme &theme = m_theme.theme();
    switch (m_state) {
    case State::Disconnected:
        return theme.textFaint;
    case State::Starting:
    case State::Reconnecting:
        return theme.warning;
    case State::Offline:
        return theme.danger;
    case State::Idle:
        return theme.success;
    case State::Busy:
        return theme.accent;
    }
    return theme.textFaint;
}

void ConnectButton::paintEvent(QPaintEvent * /*event*/)
{
    const Theme &theme = m_theme.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF frame = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    QColor fill = theme.surface;
    if (underMouse())
        fill = isDown() ? theme.pressed : theme.hover;
    painter.setPen(QPen(hasFocus() ? theme.focusRing : theme.borderStrong, hasFocus() ? 2 : 1));
    painter.setBrush(fill);
    painter.drawRoundedRect(frame, 6, 6);

    const QPointF centre(16, height() / 2.0);
    if (m_state == State::Disconnected) {
        painter.setPen(QPen(dotColour(), 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(centre, 3.5, 3.5);
    } else {
        painter.setPen(Qt::NoPen);
        painter.setBrush(dotColour());
        painter.drawEllipse(centre, 4, 4);
    }
    painter.setPen(theme.text);
    painter.setFont(theme.body);
    const QRect area(28, 0, width() - 28 - arrowWidth - 4, height());
    painter.drawText(area, Qt::AlignVCenter | Qt::AlignLeft,
                     painter.fontMetrics().elidedText(text(), Qt::ElideRight, area.width()));
    painter.fillRect(QRectF(width() - arrowWidth, 6, 1, height() - 12), theme.border);
    painter.drawPixmap(
        QPoint(width() - arrowWidth + 5, height() / 2 - 8),
        m_theme.pixmap(QStringLiteral("chevron-down"), theme.textMuted, 16, devicePixelRatioF()));
}

void ConnectButton::mousePressEvent(QMouseEvent *event)
{
    if (event->button() == Qt::LeftButton && event->position().x() > width() - arrowWidth &&
        menu()) {
        showMenu();
        return;
    }
    QToolButton::mousePressEvent(event);
}

} // namespace farcell
