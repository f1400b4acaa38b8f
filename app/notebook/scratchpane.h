#pragma once

#include "core/base/ids.h"

#include <QFrame>

#include <memory>

namespace farcell {

class CellActions;
class CellListView;
class KernelLink;
class NotebookDocument;
class NotebookSession;
class RenderService;
class SectionFolds;
class ThemeSource;

// Scratch cells beside a notebook: they run on its kernel and are in no file. GUI thread; owned by
// NotebookView, whose kernel link outlives it.
class ScratchPane : public QFrame
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ScratchPane)

public:
    ScratchPane(KernelLink &kernel, ThemeSource &theme, RenderService &render,
                QWidget *parent = nullptr);
    ~ScratchPane() override;

    void open();                     // and the caret into it
    void put(const QString &source); // a copy of a cell, in place of an empty one or behind all
    void run(bool goesOn);           // the selected cells; then to the next or a new one
    void runSelection();             // the marked text, else as run()
    [[nodiscard]] NotebookDocument &document() const { return *m_document; }
    [[nodiscard]] CellListView &list() const { return *m_list; }
    [[nodiscard]] CellActions &actions() const { return *m_actions; }
    [[nodiscard]] NotebookSession &session() const { return *m_session; }

signals:
    void insertRequested(const QString &source); // into the notebook
    void linkActivated(const QUrl &url);
    void openTextRequested(const QString &title, const QString &text);
    void commandRequested(const QString &command);
    void cellMenuRequested(const farcell::CellId &id, const QPoint &globalPos);
    void closed();

private:
    void build(ThemeSource &theme);
    void wire();
    void follow(); // the notebook's kernel
    void ask(int request, const CellId &id, int position, bool completes);
    void showRun(const CellId &id);
    void closePane();

    KernelLink &m_kernel;
    std::unique_ptr<NotebookDocument> m_document;
    std::unique_ptr<SectionFolds> m_folds;
    std::unique_ptr<NotebookSession> m_session;
    CellListView *m_list;
    std::unique_ptr<CellActions> m_actions;
    std::vector<CellId> m_waiting; // for a kernel
};

} // namespace farcell
