#pragma once

#include "app/editor/languages.h"

#include <QList>
#include <Qsci/qsciscintillabase.h>

namespace farcell {

struct CellBuffer;
class CompletionPopup;
class NotebookDocument;
class ThemeSource;

// One code editor of the pool, bound to one cell at a time. It is as tall as its list makes it and
// never scrolls by itself. What the person types is reported as UTF-16 edits (edited()); the
// owner brings them into the document. Undo is the document's, not Scintilla's.
// GUI thread; `theme` outlives it. Not here: the cell's place and height (CellListView).
class CellEditor : public QsciScintillaBase
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CellEditor)

public:
    explicit CellEditor(ThemeSource &theme, QWidget *parent = nullptr);
    ~CellEditor() override;

    void bind(CellBuffer &buffer); // must be loaded; saves the view state of the one before
    void unbind();
    [[nodiscard]] CellBuffer *buffer() const { return m_buffer; }
    void setLanguage(const Language &language); // of the bound buffer
    void applyTheme();
    void setWrap(bool wrap);
    void setLineNumbers(bool visible);
    void setEditable(bool editable);

    // The document changed on its own (undo, kernel): bring it here. Positions are UTF-16.
    void applyEdit(int position, int removed, const QString &added);

    // --- caret and selection, UTF-16
    [[nodiscard]] int caret() const;
    [[nodiscard]] QList<int> carets() const;
    [[nodiscard]] bool hasSelection() const;
    [[nodiscard]] QString selectedText() const;
    void setCaret(int position);
    void select(int position, int length);
    void replaceSelections(const QString &text);
    void placeCaretAtLine(bool first, int pixelX); // entering from the cell above or below
    [[nodiscard]] int caretX() const;

    // --- geometry in display lines (after folds and wrapping)
    [[nodiscard]] int displayLines();
    [[nodiscard]] int lineHeight() const;
    [[nodiscard]] int caretDisplayLine();
    [[nodiscard]] int displayLineOf(int position);
    [[nodiscard]] QRect caretRect() const; // in this widget
    void setFirstDisplayLine(int line);
    [[nodiscard]] int leftMargins() const;

    // Ranges (position, length) in UTF-16; `current` is an index or -1.
    void setFindHits(const QList<std::pair<int, int>> &hits, int current);

    [[nodiscard]] bool isComposing() const { return m_composing; }
    // The owner shows these; keys go to them first.
    void setPopup(CompletionPopup *popup) { m_popup = popup; }
    [[nodiscard]] QString textRange(int start, int end) const; // UTF-16

signals:
    void edited(int position, int removed, const QString &added);
    void editGroupChanged(bool open); // between true and false: one undo step
    void linesChanged();              // display lines may differ now
    void caretMoved();
    void leftUpwards(int pixelX);
    void leftDownwards(int pixelX);
    void escaped();
    void focusChanged(bool focused);
    void completionWanted(int position, bool asked); // asked: by a key, not by typing a dot
    void toolTipWanted(int position);
    void contextMenuWanted(const QPoint &globalPos);

protected:
    bool event(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void inputMethodEvent(QInputMethodEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    bool focusNextPrevChild(bool next) override;
    bool canInsertFromMimeData(const QMimeData *source) const override;

private:
    void setUpView();
    void setUpKeys();
    void onModified(int position, int type, const char *text, int length, int linesAdded);
    void onUpdate(int updated);
    void onMarginClick(int position);
    void matchBrackets();
    void styleMagics();
    void updateMarginWidth();
    void reportChanges(); // lines and caret, as soon as the event that changed them is over
    void beginGroup();
    void endGroup();
    void insertTyped(const QString &text);
    [[nodiscard]] bool handleKey(QKeyEvent *event);
    [[nodiscard]] bool handleChord(const QKeyEvent *event, const Language &language);
    [[nodiscard]] bool typed(QChar character, const Language &language);
    [[nodiscard]] bool handleTab(bool back);
    [[nodiscard]] bool handleVertical(bool up);
    [[nodiscard]] bool ownsKey(const QKeyEvent *event) const;
    [[nodiscard]] int utf16Of(long bytePosition) const;
    [[nodiscard]] long byteOf(int position) const;
    void saveViewState();

    ThemeSource &m_theme;
    CellBuffer *m_buffer = nullptr;
    CompletionPopup *m_popup = nullptr;
    const Language *m_styled = nullptr; // the language this view's styles are for
    void *m_emptyDocument = nullptr;
    int m_binding = 0; // > 0: changes come from us, not from the person
    int m_pendingRemoved = 0;
    int m_marginLines = -1;
    bool m_lineNumbers = false;
    bool m_wrap = false;
    bool m_composing = false;
    bool m_preeditEvent = false;
    bool m_grouping = false, m_groupOpen = false;
    bool m_linesDirty = false, m_contentDirty = false;
    long m_lastCaret = -1, m_lastAnchor = -1;
};

} // namespace farcell
