#pragma once

#include "core/base/ids.h"

#include <QPointer>
#include <QTimer>
#include <QWidget>

class QLabel;
class QListWidget;

namespace farcell {

class NotebookView;
class ThemeSource;

// The sections of the notebook in front. A click goes there; the section of the current cell is
// marked. GUI thread; owned by the window.
class OutlinePanel : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(OutlinePanel)

public:
    explicit OutlinePanel(ThemeSource &theme, QWidget *parent = nullptr);

    void setNotebook(NotebookView *notebook); // null: none

private:
    void rebuild();
    void markCurrent();
    void goTo(int row);

    ThemeSource &m_theme;
    QPointer<NotebookView> m_notebook;
    QListWidget *m_list;
    QLabel *m_empty;
    QTimer m_soon; // outlines are read anew at most a few times a second
};

} // namespace farcell
