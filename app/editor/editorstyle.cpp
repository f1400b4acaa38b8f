#include "app/editor/editorstyle.h"

#include "app/theme/theme.h"

#include <QPainter>
#include <QPainterPath>
#include <Qsci/qsciscintillabase.h>
#include <QWidget>

namespace farcell {

namespace {

using Sci = QsciScintillaBase;

constexpr int chevronSize = 14;

QColor colourOf(SyntaxRole role, const Theme &theme)
{
    const Theme::Syntax &s = theme.syntax;
    switch (role) {
    case SyntaxRole::Plain:
        return s.plain;
    case SyntaxRole::Keyword:
        return s.keyword;
    case SyntaxRole::Builtin:
        return s.builtin;
    case SyntaxRole::String:
        return s.string;
    case SyntaxRole::Escape:
        return s.escape;
    case SyntaxRole::Number:
        return s.number;
    case SyntaxRole::Comment:
        return s.comment;
    case SyntaxRole::Function:
        return s.function;
    case SyntaxRole::Type:
        return s.type;
    case SyntaxRole::Decorator:
        return s.decorator;
    case SyntaxRole::Operator:
        return s.operatorSign;
    case SyntaxRole::Magic:
        return s.magic;
    case SyntaxRole::Error:
        return s.error;
    case SyntaxRole::Heading:
    case SyntaxRole::Strong:
    case SyntaxRole::Emphasis:
        return theme.text;
    }
    return s.plain;
}

// Scintilla draws opaque colours: lay a translucent one over what is behind it.
QColor over(const QColor &top, const QColor &below)
{
    const double a = top.alphaF();
    return QColor::fromRgbF(static_cast<float>(top.redF() * a + below.redF() * (1 - a)),
                            static_cast<float>(top.greenF() * a + below.greenF() * (1 - a)),
                            static_cast<float>(top.blueF() * a + below.blueF() * (1 - a)));
}

void setFont(Sci &view, unsigned long style, const QFont &font)
{
    const QByteArray family = font.family().toUtf8();
    const int pixels = font.pixelSize() > 0 ? font.pixelSize() : 13;
    const double points = pixels * 72.0 / view.logicalDpiY();
    view.SendScintilla(Sci::SCI_STYLESETFONT, style, family.constData());
    view.SendScintilla(Sci::SCI_STYLESETSIZEFRACTIONAL, style, std::lround(points * 100));
}

void setIndicator(Sci &view, int number, int look, const QColor &colour)
{
    const auto n = static_cast<unsigned long>(number);
    view.SendScintilla(Sci::SCI_INDICSETSTYLE, n, static_cast<long>(look));
    view.SendScintilla(Sci::SCI_INDICSETFORE, n, colour);
    view.SendScintilla(Sci::SCI_INDICSETALPHA, n, 255L);
    view.SendScintilla(Sci::SCI_INDICSETOUTLINEALPHA, n, 255L);
    view.SendScintilla(Sci::SCI_INDICSETUNDER, n, 1L);
}

// A chevron of our icons' stroke; Scintilla's own arrows are heavy blocks.
// One image pixel for each of the view's: QScintilla knows no other scale of images.
QImage chevron(bool open, const QColor &colour)
{
    QImage image(QSize(chevronSize, chevronSize), QImage::Format_ARGB32);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(colour, 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    QPainterPath path;
    path.moveTo(open ? QPointF(3.5, 5.5) : QPointF(5.5, 3.5));
    path.lineTo(open ? QPointF(7, 9) : QPointF(9, 7));
    path.lineTo(open ? QPointF(10.5, 5.5) : QPointF(5.5, 10.5));
    painter.drawPath(path);
    return image;
}

void setFoldMarkers(Sci &view, const Theme &theme)
{
    view.SendScintilla(Sci::SCI_RGBAIMAGESETWIDTH, static_cast<unsigned long>(chevronSize));
    view.SendScintilla(Sci::SCI_RGBAIMAGESETHEIGHT, static_cast<unsigned long>(chevronSize));
    for (const int number : {Sci::SC_MARKNUM_FOLDEROPEN, Sci::SC_MARKNUM_FOLDEROPENMID,
                             Sci::SC_MARKNUM_FOLDER, Sci::SC_MARKNUM_FOLDEREND}) {
        const bool open =
            number == Sci::SC_MARKNUM_FOLDEROPEN || number == Sci::SC_MARKNUM_FOLDEROPENMID;
        view.SendScintilla(Sci::SCI_MARKERDEFINERGBAIMAGE, static_cast<unsigned long>(number),
                           chevron(open, open ? theme.borderStrong : theme.textMuted));
    }
    for (const int number :
         {Sci::SC_MARKNUM_FOLDERSUB, Sci::SC_MARKNUM_FOLDERTAIL, Sci::SC_MARKNUM_FOLDERMIDTAIL})
        view.SendScintilla(Sci::SCI_MARKERDEFINE, static_cast<unsigned long>(number),
                           static_cast<long>(Sci::SC_MARK_EMPTY));
    view.SendScintilla(Sci::SCI_SETFOLDMARGINCOLOUR, 1UL, theme.surfaceSunken);
    view.SendScintilla(Sci::SCI_SETFOLDMARGINHICOLOUR, 1UL, theme.surfaceSunken);
}

} // namespace

void applyStyles(QsciScintillaBase &view, const Language &language, const Theme &theme)
{
    setFont(view, Sci::STYLE_DEFAULT, theme.code);
    view.SendScintilla(Sci::SCI_STYLESETFORE, static_cast<unsigned long>(Sci::STYLE_DEFAULT),
                       theme.syntax.plain);
    view.SendScintilla(Sci::SCI_STYLESETBACK, static_cast<unsigned long>(Sci::STYLE_DEFAULT),
                       theme.surfaceSunken);
    view.SendScintilla(Sci::SCI_STYLECLEARALL);
    for (const StyleRole &style : language.styles) {
        const auto number = static_cast<unsigned long>(style.style);
        view.SendScintilla(Sci::SCI_STYLESETFORE, number, colourOf(style.role, theme));
        if (style.role == SyntaxRole::Heading || style.role == SyntaxRole::Strong)
            view.SendScintilla(Sci::SCI_STYLESETBOLD, number, 1L);
        if (style.role == SyntaxRole::Emphasis)
            view.SendScintilla(Sci::SCI_STYLESETITALIC, number, 1L);
    }
    applyViewColours(view, theme);
}

void applyViewColours(QsciScintillaBase &view, const Theme &theme)
{
    const Theme::Syntax &s = theme.syntax;
    const QColor back = theme.surfaceSunken;
    view.SendScintilla(Sci::SCI_STYLESETFORE, static_cast<unsigned long>(Sci::STYLE_LINENUMBER),
                       s.lineNumber);
    view.SendScintilla(Sci::SCI_STYLESETBACK, static_cast<unsigned long>(Sci::STYLE_LINENUMBER),
                       back);
    view.SendScintilla(Sci::SCI_STYLESETFORE, static_cast<unsigned long>(Sci::STYLE_INDENTGUIDE),
                       s.indentGuide);
    const auto light = static_cast<unsigned long>(Sci::STYLE_BRACELIGHT);
    const auto bad = static_cast<unsigned long>(Sci::STYLE_BRACEBAD);
    view.SendScintilla(Sci::SCI_STYLESETBACK, light, over(s.bracketMatch, back));
    view.SendScintilla(Sci::SCI_STYLESETFORE, light, s.plain);
    view.SendScintilla(Sci::SCI_STYLESETBOLD, light, 1L);
    view.SendScintilla(Sci::SCI_STYLESETFORE, bad, s.bracketBad);
    view.SendScintilla(Sci::SCI_SETCARETFORE, theme.text);
    view.SendScintilla(Sci::SCI_SETADDITIONALCARETFORE, theme.accent);
    view.SendScintilla(Sci::SCI_SETCARETLINEBACK, over(s.caretLine, back));
    view.SendScintilla(Sci::SCI_SETSELBACK, 1UL, over(theme.selection, back));
    view.SendScintilla(Sci::SCI_SETADDITIONALSELBACK, over(theme.selection, back));
    view.SendScintilla(Sci::SCI_SETWHITESPACEFORE, 1UL, theme.textFaint);
    setIndicator(view, EditorMark::magicIndicator, Sci::INDIC_TEXTFORE, s.magic);
    setIndicator(view, EditorMark::findIndicator, Sci::INDIC_STRAIGHTBOX,
                 over(theme.findHit, back));
    setIndicator(view, EditorMark::findCurrentIndicator, Sci::INDIC_STRAIGHTBOX,
                 over(theme.findHitCurrent, back));
    setFoldMarkers(view, theme);
}

void applyLexer(QsciScintillaBase &view, const Language &language)
{
    if (language.style) {
        view.SendScintilla(Sci::SCI_SETLEXER, static_cast<unsigned long>(Sci::SCLEX_CONTAINER));
        view.SendScintilla(Sci::SCI_STARTSTYLING, 0UL);
        language.style(view);
        return;
    }
    view.SendScintilla(Sci::SCI_SETLEXERLANGUAGE, static_cast<uintptr_t>(0), language.lexer);
    for (size_t i = 0; i < language.keywords.size(); ++i)
        view.SendScintilla(Sci::SCI_SETKEYWORDS, static_cast<uintptr_t>(i), language.keywords[i]);
    view.SendScintilla(Sci::SCI_SETPROPERTY, "fold", language.prose ? "0" : "1");
    view.SendScintilla(Sci::SCI_SETPROPERTY, "fold.compact", "0");
    view.SendScintilla(Sci::SCI_SETPROPERTY, "lexer.python.keywords2.no.sub.identifiers", "1");
    view.SendScintilla(Sci::SCI_SETPROPERTY, "lexer.cpp.backquoted.strings", "1");
    view.SendScintilla(Sci::SCI_SETPROPERTY, "lexer.cpp.track.preprocessor", "0");
    view.SendScintilla(Sci::SCI_COLOURISE, 0UL, -1L);
}

} // namespace farcell
