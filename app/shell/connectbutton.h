#pragma once

#include "app/theme/theme.h"

#include <QToolButton>

namespace farcell {

// Shows whether the notebook has a kernel and what it is doing, and opens the ways to change that.
// Drawn here: a state dot, a short text, a divider and the menu's arrow. GUI thread.
class ConnectButton : public QToolButton
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ConnectButton)

public:
    enum class State
    {
        Disconnected,
        Starting,
        Idle,
        Busy,
        Reconnecting,
        Offline
    };

    explicit ConnectButton(ThemeSource &theme, QWidget *parent = nullptr);

    void setState(State state, const QString &text, const QString &toolTip);
    [[nodiscard]] State state() const { return m_state; }

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

signals:
    void connectRequested();

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;

private:
    [[nodiscard]] QColor dotColour() const;

    ThemeSource &m_theme;
    State m_state = State::Disconnected;
};

} // namespace farcell
