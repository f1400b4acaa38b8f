#pragma once

#include "app/theme/theme.h"

#include <QStyledItemDelegate>

namespace farcell {

// Rows of the connect dialog's lists: an icon, badge or state dot, a title and a quieter note;
// and headings between them. Everything comes from the roles below.
class RowDelegate : public QStyledItemDelegate
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RowDelegate)

public:
    enum Role
    {
        NoteRole = Qt::UserRole + 1,
        IconRole,    // name of a theme icon
        BadgeRole,   // one or two letters in a tinted square
        DotRole,     // execution state of a kernel: idle, busy, …
        CheckedRole, // true: the one in use
        HeadingRole, // true: a heading, not a choice
        FirstFreeRole
    };

    RowDelegate(ThemeSource &theme, QObject *parent);

    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &option,
                                 const QModelIndex &index) const override;

private:
    void paintHeading(QPainter &painter, const QRect &row, const QModelIndex &index) const;
    void paintMark(QPainter &painter, const QRect &square, const QModelIndex &index) const;

    ThemeSource &m_theme;
};

} // namespace farcell
