namespace OpdCode.Models.Tokenization.PreTokenizers;

/// <summary>Cuts pieces of text into the words that the model merges within. Pieces that are tokens already stay as they are.</summary>
internal interface IPreTokenizer
{
    List<TextPiece> Cut(List<TextPiece> pieces);
}
