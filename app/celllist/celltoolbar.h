#pragma once

#include "core/notebook/cell.h"

#include <QWidget>

class QToolButton;

namespace farcell {

class ThemeSource;

// The small bar at a cell's top right corner: move, edit, delete, more. Shown for the cell under
// the pointer, or the current one. The list moves it. It asks for what changes the notebook
// by the window's command names, "edit" and "render" by its own; "more" asks for the menu.
class CellToolbar : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CellToolbar)

public:
    CellToolbar(ThemeSource &theme, QWidget *parent);

    void setCell(const CellId &id, CellKind kind, bool editing, bool readOnly);
    [[nodiscard]] const CellId &cell() const { return m_cell; }

signals:
    void commandRequested(const farcell::CellId &id, const QString &command);
    void menuRequested(const farcell::CellId &id, const QPoint &globalPos);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QToolButton *addButton(const QString &icon, const QString &text, const QString &command);
    void applyTheme();

    ThemeSource &m_theme;
    CellId m_cell;
    QList<std::pair<QToolButton *, QString>> m_buttons; // with icon names
    QToolButton *m_edit = nullptr, *m_render = nullptr;
    QList<QToolButton *> m_changing; // hidden when read-only
};

// "+ Code  + Text" between two cells.
class InsertBar : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(InsertBar)

public:
    static constexpr int barHeight = 26;

    InsertBar(ThemeSource &theme, QWidget *parent);

    void setIndex(int index) { m_index = index; }
    [[nodiscard]] int index() const { return m_index; }

signals:
    void insertRequested(int index, farcell::CellKind kind);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void applyTheme();

    ThemeSource &m_theme;
    QToolButton *m_code, *m_text;
    int m_index = 0;
};

} // namespace farcell
