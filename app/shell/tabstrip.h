#pragma once

#include <QTabBar>

namespace farcell {

class ThemeSource;

// The tabs of the window, drawn to the theme: icon, title, a dot for unsaved changes that turns
// into the close button under the pointer. Movable; the middle button closes. GUI thread.
class TabStrip : public QTabBar
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(TabStrip)

public:
    explicit TabStrip(ThemeSource &theme, QWidget *parent = nullptr);

    struct State
    {
        QString title, toolTip, icon;
        bool modified = false;
        bool busy = false;
    };
    int addPage(QWidget *page, const State &state);
    void setTabState(int index, const State &state);
    [[nodiscard]] QWidget *pageAt(int index) const; // null if there is no such tab
    [[nodiscard]] int indexOfPage(const QWidget *page) const;

signals:
    void closeRequested(int index);

protected:
    [[nodiscard]] QSize tabSizeHint(int index) const override;
    void paintEvent(QPaintEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;

private:
    struct Tab
    {
        QWidget *page = nullptr;
        State state;
    };
    [[nodiscard]] Tab tab(int index) const;
    [[nodiscard]] QRect closeRect(int index) const;
    void paintTab(QPainter &painter, int index) const;

    ThemeSource &m_theme;
    int m_hovered = -1;
    bool m_closeHovered = false;
    int m_closePressed = -1;
};

} // namespace farcell
