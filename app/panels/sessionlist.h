#pragma once

#include "app/theme/theme.h"
#include "core/client/kernelreports.h"

#include <QListWidget>
#include <QStyledItemDelegate>

namespace farcell {

class Runtime;

// The rows of the Sessions panel: a heading for each runtime, its kernels below it. GUI thread.
class SessionList : public QListWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SessionList)

public:
    struct Row
    {
        Runtime *runtime = nullptr;
        bool isHeading = false;
        QString text; // of a heading, or the kernel's title
        KernelSummary kernel;
        QString kernelTitle;
        bool isCurrent = false; // the notebook in front runs on it
    };

    explicit SessionList(ThemeSource &theme, QWidget *parent = nullptr);

    void setRows(const QList<Row> &rows); // the selected kernel stays selected
    [[nodiscard]] const Row *rowAt(int row) const;
    [[nodiscard]] const Row *selected() const; // null: none, or a heading

    // "Python 3 · idle 5 min · 120 MB · 1 window"
    [[nodiscard]] static QString note(const Row &row);

private:
    QList<Row> m_rows;
};

// Paints one row: a dot for the state, title, figures.
class SessionRowDelegate : public QStyledItemDelegate
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SessionRowDelegate)

public:
    SessionRowDelegate(ThemeSource &theme, SessionList &list);

    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &option,
                                 const QModelIndex &index) const override;
    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;

private:
    ThemeSource &m_theme;
    SessionList &m_list;
};

} // namespace farcell
